// Writes reviews to the server as they change: one at a time a photograph, the latest wins, until it is there.
// What the server refuses is kept, but not sent again by itself.

import { api } from "./api.js";

const AGAIN = 2000; // milliseconds

export class Saver {
  constructor(onState) {
    this.waiting = new Map();
    this.refused = new Map();
    this.busy = new Map(); // promises, by key
    this.again = null; // the timer of the next attempt, one for all
    this.onState = onState; // (how many are not saved, the problem or null)
    addEventListener("beforeunload", (event) => {
      if (this.unsaved) event.preventDefault();
    });
  }

  get unsaved() {
    return new Set([...this.waiting.keys(), ...this.refused.keys(), ...this.busy.keys()]).size;
  }

  // Resolves with the problem of the first attempt, or null.
  save(key, review) {
    this.refused.delete(key);
    this.waiting.set(key, review);
    return this.work(key);
  }

  // What is not written for a photograph, so that coming back finds it.
  pending(key) {
    return this.waiting.get(key) ?? this.refused.get(key);
  }

  drop(key) {
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
      const review = this.waiting.get(key);
      problem = await api.save(key, review).then(() => null, (error) => error);
      if (this.waiting.get(key) !== review || (problem && !problem.refused)) continue;
      this.waiting.delete(key);
      if (problem) this.refused.set(key, review);
    }
    this.busy.delete(key);
    this.onState(this.unsaved, problem);
    if (problem && !problem.refused) this.again ??= setTimeout(() => this.retry(), AGAIN);
    return problem;
  }

  retry() {
    this.again = null;
    for (const key of this.waiting.keys()) this.work(key);
  }
}
