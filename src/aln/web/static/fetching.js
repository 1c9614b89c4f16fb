// Gets photographs with what the model finds in them or what was made of it; the next one is fetched ahead.

import { api, picture } from "./api.js";
import { History } from "./history.js";
import { Superpixels } from "./masks.js";

export class Fetcher {
  constructor(saver) {
    this.saver = saver;
    this.busy = null; // a promise: the photograph that is on its way
    this.next = null; // { key, choice, open }, open being a promise
  }

  async idle() {
    await this.busy?.catch(() => {});
  }

  get(photograph, choice) {
    this.busy = this.fromAhead(photograph, choice);
    return this.busy;
  }

  // What was fetched ahead, if it is this photograph, and nothing was chosen or reviewed since.
  async fromAhead(photograph, choice) {
    const { next } = this;
    this.next = null;
    const fits = next?.key === photograph.key && next.choice === choice;
    const open = fits && (await next.open.catch(() => null));
    const fresh = open && open.state === "new" && !(await this.saver.read(photograph.key));
    return fresh ? open : this.fetched(photograph, choice);
  }

  lookAhead(photograph, choice) {
    if (photograph?.state !== "new") return;
    this.next = { key: photograph.key, choice, open: this.fetched(photograph, choice) };
    this.next.open.catch(() => {}); // told when the photograph is opened
  }

  async fetched({ key, name }, usual) {
    const stored = await this.saver.read(key);
    const own = stored && { method: stored.method, rule: stored.rule, label: stored.label };
    const choice = { ...usual, ...own };
    const [image, result, values] = await Promise.all([
      picture(api.pictureUrl(key)),
      api.localization(key, choice),
      api.superpixels(key),
    ]);
    const { width, height } = result;
    return {
      key, name, width, height, image, result,
      heat: null,
      superpixels: new Superpixels(values, width, height),
      history: new History(editOf(stored ?? result)),
      state: this.saver.refused.has(key) ? "draft" : (stored?.state ?? "new"),
    };
  }
}

// An edit from a result or a stored review.
export function editOf({ label, boxes, mask, method, rule, fitted = true }) {
  return { label, boxes, counts: mask.counts, method, rule, fitted };
}
