// Every request to the server. Answers that are no success become an Error with the server's own words.

async function ask(path, options = {}) {
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("the server doesn't answer; is aln web still running?");
  }
  if (!response.ok) {
    const problem = await response.json().catch(() => ({}));
    const failure = new Error(problem.error || `the server answered ${response.status}`);
    failure.refused = response.status < 500;
    throw failure;
  }
  return response;
}

const query = (values) => {
  const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== null);
  return new URLSearchParams(given).toString();
};

const json = async (path, options) => (await ask(path, options)).json();
const sent = (method, value) => ({
  method,
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(value),
});
const at = (key) => `api/photographs/${key}`;

export const api = {
  model: () => json("api/model"),
  photographs: () => json("api/photographs"),
  add: (file) =>
    json(`api/photographs?${query({ name: file.name })}`, {
      method: "POST",
      headers: { "Content-Type": "application/octet-stream" },
      body: file,
    }),
  pictureUrl: (key) => `${at(key)}/picture`,
  heatUrl: (key, choice) => `${at(key)}/heat?${query({ method: choice.method, label: choice.label })}`,
  localization: (key, choice, signal) => json(`${at(key)}/localization?${query(choice)}`, { signal }),
  boxes: (key, choice, mask) => json(`${at(key)}/boxes?${query(choice)}`, sent("POST", mask)),
  review: (key) => json(`${at(key)}/review`),
  save: (key, review) => ask(`${at(key)}/review`, sent("PUT", review)),
  forget: (key) => ask(`${at(key)}/review`, { method: "DELETE" }),
  superpixels: async (key) => new Uint32Array(await (await ask(`${at(key)}/superpixels`)).arrayBuffer()),
  write: (format) => json(`api/export?${query({ format })}`, { method: "POST" }),
  archive: async (format) => (await ask(`api/export/archive?${query({ format })}`)).blob(),
};

// An image that is decoded; rejects where the server refuses it.
export async function picture(url) {
  const address = URL.createObjectURL(await (await ask(url)).blob());
  const image = new Image();
  image.src = address;
  try {
    await image.decode();
  } finally {
    URL.revokeObjectURL(address);
  }
  return image;
}
