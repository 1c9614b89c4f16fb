// Reads reviews from the server and writes them as they change: one at a time a photograph, the latest wins,
// until it is there. What the server refuses is kept, but not sent again by itself. Nothing is written over
// that this page hasn't read or written: another window may be open.

import { api } from "./api.js";

const AGAIN = 2000; // milliseconds

export class Saver {
  constructor(onState, onRefused) {
    this.waiting = new Map(); // { review, version } by key
    this.refused = new Map(); // reviews by key
    this.busy = new Map(); // promises, by key
    this.known = new Map(); // versions that may be written over, by key
    this.again = null; // the timer of the next attempt, one for all
    this.onState = onState; // (how many are not saved, the problem or null)
    this.onRefused = onRefused; // (key)
    addEventListener("beforeunload", (event) => {
      if (this.unsaved) event.preventDefault();
    });
  }

  get unsaved() {
    return new Set([...this.waiting.keys(), ...this.refused.keys(), ...this.busy.keys()]).size;
  }

  // The review of a photograph, or null; what isn't written yet comes first, so that coming back finds it.
  async read(key) {
    const pending = this.pending(key);
    if (pending) return pending;
    const { review, version } = await api.review(key);
    if (!this.busy.has(key)) this.known.set(key, [version]);
    return this.pending(key) ?? review;
  }

  pending(key) {
    return this.waiting.get(key)?.review ?? this.refused.get(key);
  }

  // Resolves after the first attempt.
  save(key, review) {
    this.refused.delete(key);
    this.waiting.set(key, { review, version: newVersion() });
    return this.work(key);
  }

  async forget(key) {
    await api.forget(key, this.known.get(key));
    this.refused.delete(key);
    this.onState(this.unsaved, null);
  }

  async settled() {
    while (this.waiting.size || this.busy.size) await new Promise((done) => setTimeout(done, 20));
  }

  work(key) {
    if (!this.busy.has(key)) this.busy.set(key, this.write(key));
    return this.busy.get(key);
  }

  async write(key) {
    let problem = null;
    while (this.waiting.has(key) && (!problem || problem.refused)) {
      const latest = this.waiting.get(key);
      problem = await this.attempt(key, latest).then(() => null, (error) => error);
      if (this.waiting.get(key) !== latest || (problem && !problem.refused)) continue;
      this.waiting.delete(key);
      if (!problem) continue;
      this.refused.set(key, latest.review);
      this.onRefused(key);
    }
    this.busy.delete(key);
    this.onState(this.unsaved, problem);
    if (problem && !problem.refused) this.again ??= setTimeout(() => this.retry(), AGAIN);
  }

  async attempt(key, { review, version }) {
    const tag = `"${version}"`;
    const known = this.known.get(key);
    if (!known.includes(tag)) this.known.set(key, [...known, tag]); // written, maybe, though no answer comes
    try {
      await api.save(key, review, version, known);
    } catch (problem) {
      if (problem.refused) this.known.set(key, known);
      throw problem;
    }
    this.known.set(key, [tag]);
  }

  retry() {
    this.again = null;
    for (const key of this.waiting.keys()) this.work(key);
  }
}

function newVersion() {
  const parts = crypto.getRandomValues(new Uint32Array(4));
  return [...parts].map((part) => part.toString(16).padStart(8, "0")).join("");
}
