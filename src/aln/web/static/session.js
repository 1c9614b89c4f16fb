// The album, the photograph that is open, and what was edited in it. Knows nothing of the page.

import { api, picture } from "./api.js";
import { Fetcher, editOf } from "./fetching.js";
import { decoded, encoded } from "./masks.js";
import { Saver } from "./saving.js";

export class Session extends EventTarget {
  constructor(model) {
    super();
    this.model = model;
    this.choice = { method: model.method, rule: model.rule, boxes: model.boxes };
    this.photographs = [];
    this.index = -1;
    this.open = null; // { key, name, width, height, image, heat, superpixels, result, history, state }
    this.selected = -1;
    this.turn = 0;
    this.failures = 0; // answers that never came
    this.wanted = null; // what was chosen last and has no answer yet
    this.asks = new Set(); // promises: what the server was asked about the open photograph's edit
    this.saver = new Saver(
      (left, problem) => this.tell("saving", { left, problem }),
      (key) => this.notAccepted(key),
    );
    this.fetcher = new Fetcher(this.saver);
    addEventListener("beforeunload", (event) => {
      if (this.asks.size) event.preventDefault(); // what is written has the boxes from before
    });
  }

  tell(type, detail = {}) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  get edit() {
    return this.open?.history.current ?? null;
  }

  // Method, rule and class that were chosen last, whether they have an answer or not.
  get chosen() {
    const { method, rule, label } = this.edit;
    return this.wanted?.open === this.open ? this.wanted.choice : { method, rule, label };
  }

  get accepted() {
    return this.photographs.filter((photograph) => photograph.state === "accepted").length;
  }

  async load() {
    this.photographs = await api.photographs();
    this.tell("album");
  }

  // The answers belong to the photograph that is open: they are awaited before it is left or accepted.
  async answered() {
    while (this.asks.size) await Promise.all(this.asks);
  }

  async asking(work) {
    this.asks.add(work);
    try {
      return await work;
    } finally {
      this.asks.delete(work);
    }
  }

  // Everything edited is answered and written.
  async settled() {
    do {
      await this.answered();
      await this.saver.settled();
    } while (this.asks.size); // asked while the rest was being written
  }

  async show(index) {
    if (index < 0 || index >= this.photographs.length) return;
    const turn = ++this.turn;
    const { key, name } = this.photographs[index];
    this.index = index;
    if (this.asks.size) {
      this.tell("loading", { name });
      await this.answered();
      if (turn !== this.turn) return;
    }
    this.open = null;
    this.selected = -1;
    this.tell("loading", { name });
    try {
      await this.fetcher.idle(); // of those that are leafed through quickly only the last is asked for
      if (turn !== this.turn) return;
      const open = await this.fetcher.get(this.photographs[index], this.choice);
      if (turn !== this.turn) return;
      this.open = open;
      this.selected = open.history.current.boxes.length ? 0 : -1;
      this.listed(key, open.state); // another window may have changed it
      this.tell("opened");
      await this.loadHeat();
      if (turn === this.turn) this.fetcher.lookAhead(this.photographs[index + 1], this.choice);
    } catch (error) {
      if (turn === this.turn) this.tell("failed", { error });
    }
  }

  // Of the current edit's method and class; where it can't be had, none is better than another's.
  async loadHeat() {
    const { open, edit } = this;
    let heat = null;
    let error;
    try {
      heat = await picture(api.heatUrl(open.key, edit));
    } catch (problem) {
      error = problem;
    }
    if (this.open !== open || this.differs(edit)) return; // another is on its way
    open.heat = heat;
    this.tell("pictures");
    if (error) this.tell("failed", { error });
  }

  // Whether an edit's heat map is another than the current one's.
  differs({ method, label }) {
    return method !== this.edit.method || label !== this.edit.label;
  }

  // The mask of the current edit; decoded once.
  mask() {
    const { open, edit } = this;
    if (open.maskOf !== edit.counts) {
      open.maskOf = edit.counts;
      open.mask = decoded(edit.counts, open.width, open.height);
    }
    return open.mask;
  }

  // A step by hand: kept, shown, saved.
  commit(changes, kind, joins = false) {
    this.open.history.push({ ...this.edit, ...changes }, kind, joins);
    this.changed(kind);
  }

  changed(kind) {
    this.selected = Math.min(this.selected, this.edit.boxes.length - 1);
    if (this.open.state === "new") this.open.state = "draft";
    this.save();
    this.tell("edited", { kind });
  }

  async save() {
    const { open, edit } = this;
    this.listed(open.key, open.state);
    const { counts, unfit, ...rest } = edit;
    const review = { ...rest, mask: { size: [open.height, open.width], counts }, state: open.state };
    await this.saver.save(open.key, review);
  }

  // What the server refuses stays here as an edit that is not accepted.
  notAccepted(key) {
    if (this.open?.key === key) this.open.state = "draft";
    this.listed(key, "draft");
  }

  listed(key, state) {
    const photograph = this.photographs.find((one) => one.key === key);
    if (photograph) photograph.state = state;
    this.tell("album");
  }

  step(way) {
    const { open } = this;
    const before = this.edit;
    open.history[way]();
    if (this.edit === before) return false;
    this.changed(way);
    if (this.differs(before)) this.loadHeat();
    return true;
  }

  // Another method, rule, class or way to find boxes: the model looks again.
  async choose(changes, isEdit = false) {
    const { open, edit } = this;
    await this.asking(this.askModel(open, edit, changes, isEdit));
    if (this.open === open && this.differs(edit)) await this.loadHeat();
  }

  async askModel(open, edit, { boxes, ...named }, isEdit) {
    const wasEdit = this.wanted?.open === open && this.wanted.isEdit;
    const wanted = { open, choice: { ...this.chosen, ...named }, isEdit: isEdit || wasEdit };
    this.wanted = wanted; // a quick second choice adds to the first, which it interrupts
    const { method, rule } = wanted.choice;
    this.choice = { method, rule, boxes: boxes ?? this.choice.boxes };
    const { step } = open.history;
    this.asked?.abort();
    this.asked = new AbortController();
    let result;
    try {
      result = await api.localization(open.key, { ...wanted.choice, boxes: this.choice.boxes }, this.asked.signal);
    } catch (error) {
      if (error.name === "AbortError") return;
      this.wanted = null;
      this.failures++;
      this.tell("failed", { error });
      return;
    }
    this.wanted = null;
    if (open.history.step !== step) { // edited by hand meanwhile: that stays, and so does the class that was chosen
      const { label } = wanted.choice;
      if (wanted.isEdit && this.edit.label === edit.label && label !== edit.label) this.commit({ label }, "class");
      else this.tell("failed", { error: new Error("edited meanwhile; choose again") });
      return;
    }
    open.result = result;
    open.history.push(editOf(result), `choose ${Object.keys(named)}`, true);
    this.selected = Math.min(Math.max(this.selected, 0), result.boxes.length - 1);
    if (wanted.isEdit && open.state === "new") open.state = "draft";
    if (open.state !== "new") this.save();
    this.tell("edited", { kind: "choose" });
  }

  // Change the class: where nobody has edited yet the model looks for it, else mask and boxes stay.
  async classify(label) {
    if (label === this.chosen.label) return;
    if (this.open.state === "new") {
      await this.choose({ label }, true);
    } else {
      this.commit({ label }, "class");
      await this.loadHeat();
    }
  }

  // The mask was painted; boxes follow it until one is moved by hand.
  async painted(mask) {
    this.commit({ counts: encoded(mask), unfit: this.edit.fitted }, "mask");
    if (this.edit.fitted) await this.fit();
  }

  async fit(kind = null) {
    await this.asking(this.askBoxes(this.open, this.edit, kind));
  }

  async askBoxes(open, edit, kind) {
    const mask = { size: [open.height, open.width], counts: edit.counts };
    try {
      const boxes = await api.boxes(open.key, { method: edit.method, boxes: this.choice.boxes, label: edit.label }, mask);
      if (!kind) {
        if (open.history.fit(edit, boxes)) this.changed("mask");
      } else if (this.edit === edit) this.commit({ boxes, fitted: true, unfit: false }, kind);
    } catch (error) {
      this.failures++;
      this.tell("failed", { error });
    }
  }

  setBox(index, box, kind, joins = false) {
    const before = this.edit.boxes[index];
    if (Object.entries(box).every(([name, value]) => before[name] === value)) return;
    const boxes = this.edit.boxes.map((one, place) => (place === index ? { ...one, ...box } : one));
    this.commit({ boxes, fitted: false }, kind, joins);
  }

  addBox(box) {
    this.selected = this.edit.boxes.length;
    this.commit({ boxes: [...this.edit.boxes, { ...box, score: 1 }], fitted: false }, "new box");
  }

  removeBox(index) {
    this.commit({ boxes: this.edit.boxes.filter((_, place) => place !== index), fitted: false }, "delete box");
  }

  select(index) {
    this.selected = index;
    this.tell("selected");
  }

  // Whether it is: the server may refuse.
  async accept() {
    const { open, failures } = this;
    await this.answered();
    if (this.open === open && this.edit.fitted && this.edit.unfit) await this.fit();
    if (this.open !== open || this.failures !== failures) return false;
    open.state = "accepted";
    const saved = this.save();
    this.tell("accepted");
    await saved;
    return open.state === "accepted";
  }

  // Whether it is: who goes on while something is being saved keeps it. Nothing can be edited meanwhile.
  async reset() {
    const { open } = this;
    await this.settled();
    if (this.open !== open) return false;
    const turn = ++this.turn;
    this.open = null;
    this.tell("loading", { name: open.name });
    try {
      await this.saver.forget(open.key);
      this.listed(open.key, "new");
    } finally {
      if (turn === this.turn) await this.show(this.index);
    }
    return true;
  }

  async add(file) {
    const added = await api.add(file);
    if (!this.photographs.some((one) => one.key === added.key)) this.photographs.push(added);
    this.tell("album");
    return this.photographs.findIndex((one) => one.key === added.key);
  }

  // The next photograph, from here and around, that nobody has accepted; -1 where all are.
  nextOpen() {
    const count = this.photographs.length;
    for (let step = 1; step <= count; step++) {
      const index = (this.index + step) % count;
      if (this.photographs[index].state !== "accepted") return index;
    }
    return -1;
  }
}
