// Every request to the server. Answers that are no success become an Error with the server's own words.

const PATIENCE = 120_000; // milliseconds until the whole answer is there
const FOREVER = 0;

async function ask(path, options = {}, read = nothing, patience = PATIENCE) {
  const limit = new AbortController();
  const timer = patience && setTimeout(() => limit.abort(new DOMException("", "TimeoutError")), patience);
  options.signal?.addEventListener("abort", () => limit.abort());
  try {
    const response = await fetch(path, { ...options, signal: limit.signal });
    if (!response.ok) throw await refusal(response);
    return await read(response);
  } catch (error) {
    if (error.name === "AbortError" || "refused" in error) throw error;
    throw new Error("the server doesn't answer; is aln web still running?");
  } finally {
    clearTimeout(timer);
  }
}

async function refusal(response) {
  const problem = await response.json().catch(() => ({}));
  const refused = response.status < 500;
  return Object.assign(new Error(problem.error || `the server answered ${response.status}`), { refused });
}

const nothing = () => null;
const asJson = (response) => response.json();
const asBlob = (response) => response.blob();
const asNumbers = async (response) => new Uint32Array(await response.arrayBuffer());
const asReview = async (response) => ({ review: await response.json(), version: response.headers.get("ETag") });

const query = (values) => {
  const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== null);
  return new URLSearchParams(given).toString();
};

const json = (path, options, patience) => ask(path, options, asJson, patience);
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
  review: (key) => ask(`${at(key)}/review`, {}, asReview),
  save: (key, review, version, known) =>
    ask(`${at(key)}/review?${query({ version })}`, matching(known, sent("PUT", review))),
  forget: (key, known) => ask(`${at(key)}/review`, matching(known, { method: "DELETE" })),
  superpixels: (key) => ask(`${at(key)}/superpixels`, {}, asNumbers),
  write: (format) => json(`api/export?${query({ format })}`, { method: "POST" }, FOREVER),
  archive: (format) => ask(`api/export/archive?${query({ format })}`, {}, asBlob, FOREVER),
};

// An image that is decoded; rejects where the server refuses it.
export async function picture(url) {
  const address = URL.createObjectURL(await ask(url, {}, asBlob));
  const image = new Image();
  image.src = address;
  try {
    await image.decode();
  } finally {
    URL.revokeObjectURL(address);
  }
  return image;
}
