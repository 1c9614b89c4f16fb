// Every request to the server. Answers that are no success become an Error with the server's own words.

const PATIENCE = 120_000; // milliseconds
const FOREVER = 0;

async function ask(path, options = {}, patience = PATIENCE) {
  const limit = new AbortController();
  const timer = patience && setTimeout(() => limit.abort(new DOMException("", "TimeoutError")), patience);
  options.signal?.addEventListener("abort", () => limit.abort());
  let response;
  try {
    response = await fetch(path, { ...options, signal: limit.signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("the server doesn't answer; is aln web still running?");
  } finally {
    clearTimeout(timer);
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

const json = async (...given) => (await ask(...given)).json();
const sent = (method, value) => ({
  method,
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(value),
});
const matching = (known, options) => ({
  ...options,
  headers: { ...options.headers, "If-Match": known.join(", ") },
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
    }, FOREVER),
  pictureUrl: (key) => `${at(key)}/picture`,
  heatUrl: (key, choice) => `${at(key)}/heat?${query({ method: choice.method, label: choice.label })}`,
  localization: (key, choice, signal) => json(`${at(key)}/localization?${query(choice)}`, { signal }),
  boxes: (key, choice, mask) => json(`${at(key)}/boxes?${query(choice)}`, sent("POST", mask)),
  review: async (key) => {
    const answer = await ask(`${at(key)}/review`);
    return { review: await answer.json(), version: answer.headers.get("ETag") };
  },
  save: (key, review, version, known) =>
    ask(`${at(key)}/review?${query({ version })}`, matching(known, sent("PUT", review))),
  forget: (key, known) => ask(`${at(key)}/review`, matching(known, { method: "DELETE" })),
  superpixels: async (key) => new Uint32Array(await (await ask(`${at(key)}/superpixels`)).arrayBuffer()),
  write: (format) => json(`api/export?${query({ format })}`, { method: "POST" }, FOREVER),
  archive: async (format) => (await ask(`api/export/archive?${query({ format })}`, {}, FOREVER)).blob(),
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
