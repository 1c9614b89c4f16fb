// What was edited, step by step. An edit is never changed once it is here.

const TOGETHER = 1000; // milliseconds in which steps of one kind count as one

export class History {
  constructor(first) {
    this.steps = [{ edit: first, kind: "first", time: 0 }];
    this.index = 0;
  }

  get step() {
    return this.steps[this.index];
  }

  get current() {
    return this.step.edit;
  }

  get canUndo() {
    return this.index > 0;
  }

  get canRedo() {
    return this.index < this.steps.length - 1;
  }

  // Steps of the same kind in quick succession (a slider, a key held down) are undone together.
  push(edit, kind, joins = false) {
    const last = this.steps[this.index];
    const time = Date.now();
    const joined = joins && last.kind === kind && time - last.time < TOGETHER && this.index > 0;
    this.steps.length = this.index + (joined ? 0 : 1);
    this.steps.push({ edit, kind, time });
    this.index = this.steps.length - 1;
  }

  // The boxes of a mask have come: every step that waits for them (this mask, boxes that follow it) gets them.
  fit({ counts, boxes: before }, boxes) {
    const was = this.current;
    for (const step of this.steps) {
      const { edit } = step;
      if (edit.fitted && edit.counts === counts && edit.boxes === before) step.edit = { ...edit, boxes, unfit: false };
    }
    return this.current !== was;
  }

  undo() {
    if (this.canUndo) this.index -= 1;
    return this.current;
  }

  redo() {
    if (this.canRedo) this.index += 1;
    return this.current;
  }
}
