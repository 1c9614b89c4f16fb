// Writes reviews to the server as they change: one at a time a photograph, the latest wins, until it is there.

import { api } from "./api.js";

const AGAIN = 2000; // milliseconds

export class Saver {
  constructor(onState) {
    this.waiting = new Map();
    this.busy = new Set();
    this.onState = onState; // (how many wait, the problem or null)
    addEventListener("beforeunload", (event) => {
      if (this.waiting.size || this.busy.size) event.preventDefault();
    });
  }

  save(key, review) {
    this.waiting.set(key, review);
    return this.work(key);
  }

  // What waits to be written for a photograph, so that coming back finds it.
  pending(key) {
    return this.waiting.get(key);
  }

  async settled() {
    while (this.waiting.size || this.busy.size) await new Promise((done) => setTimeout(done, 20));
  }

  async work(key) {
    if (this.busy.has(key)) return;
    this.busy.add(key);
    let problem = null;
    while (this.waiting.has(key) && !problem) {
      const review = this.waiting.get(key);
      try {
        await api.save(key, review);
      } catch (error) {
        problem = error;
      }
      if (this.waiting.get(key) === review && (!problem || problem.refused)) this.waiting.delete(key);
    }
    this.busy.delete(key);
    this.onState(this.waiting.size + this.busy.size, problem);
    if (problem && !problem.refused) setTimeout(() => this.work(key), AGAIN);
  }
}
