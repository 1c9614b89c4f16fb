// What a person can do, by button, by key or by pointer: one function each.

import { moved, resized } from "./geometry.js";
import { openExport } from "./dialogs.js";
import { ranked, splitRule } from "./panel.js";
import { switchTheme } from "./theme.js";

const $ = (id) => document.getElementById(id);
const DIRECTIONS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const WORDS = { heat: "Heat map", mask: "Mask", boxes: "Boxes" };

export function makeActions(session, stage, say) {
  const isOpen = () => session.open !== null;
  const onOpen = (work) => (...given) => (isOpen() ? work(...given) : undefined);
  const selected = () => session.edit.boxes[session.selected];

  const actions = {
    next: () => session.show(session.index + 1),
    previous: () => session.show(session.index - 1),
    nextOpen() {
      const index = session.nextOpen();
      if (index < 0) say("All photographs are accepted");
      else session.show(index);
    },
    accept: onOpen(async () => {
      const { open } = session;
      if (!(await session.accept()) || session.open !== open) return;
      const index = session.nextOpen();
      if (index >= 0) session.show(index);
      else say("All photographs are accepted");
    }),
    undo: onOpen(() => say(session.step("undo") ? "Undone" : "Nothing to undo")),
    redo: onOpen(() => say(session.step("redo") ? "Done again" : "Nothing to redo")),
    reset: onOpen(async () => {
      const { name } = session.open;
      try {
        if (!(await session.reset())) say(`${name} is not reset: it was left while edits were being saved`);
        else if (isOpen()) say("Back to the model's result");
      } catch (error) {
        say(`Not reset: ${error.message}`);
      }
    }),
    tool: onOpen((name, byKey = false) => {
      stage.tool = name;
      if (byKey) stage.canvas.focus();
      stage.cursor = -1;
      $("tool-box").setAttribute("aria-pressed", name === "box");
      $("tool-mask").setAttribute("aria-pressed", name === "mask");
      stage.canvas.style.cursor = "crosshair";
      stage.draw();
      say(name === "box" ? "Boxes: drag, or use the arrow keys" : "Mask: click or drag; arrow keys and Space");
    }),
    newBox: onOpen(() => {
      const { width, height } = session.open;
      const quarter = (size) => [Math.floor(size / 4), Math.max(Math.ceil((3 * size) / 4), 1)];
      const [[x0, x1], [y0, y1]] = [quarter(width), quarter(height)];
      session.addBox({ x0, y0, x1, y1 });
      actions.tool("box");
      stage.canvas.focus();
      say("New box: move it with the arrow keys, resize it with Shift");
    }),
    removeBox: onOpen((index) => {
      session.removeBox(index);
      say(`Box ${index + 1} deleted`);
    }),
    removeSelected: onOpen(() => {
      if (selected()) actions.removeBox(session.selected);
    }),
    selectBox: onOpen((index) => session.select(index)),
    cycle: onOpen((way) => {
      const count = session.edit.boxes.length;
      if (!count) return;
      session.select((session.selected + way + count) % count);
      say(`Box ${session.selected + 1} of ${count}`);
    }),
    fit: onOpen(() => session.fit("fit")),
    classify: onOpen((name) => session.classify(name)),
    rank: onOpen((place) => {
      const entry = ranked(session.open.result)[place];
      if (entry) session.classify(entry[0]);
    }),
    arrow: onOpen((event) => {
      const [dx, dy] = DIRECTIONS[event.key];
      if (stage.tool === "mask") walk(dx, dy);
      else nudgeBox(dx, dy, event.shiftKey);
    }),
    toggle: onOpen(() => {
      if (stage.tool !== "mask") return;
      if (stage.cursor < 0) walk(0, 0);
      const mask = session.mask().slice();
      const isIn = session.open.superpixels.isMostlyIn(mask, stage.cursor);
      session.open.superpixels.paint(mask, stage.cursor, isIn ? 0 : 1);
      session.painted(mask);
      say(isIn ? "Superpixel taken out" : "Superpixel put in");
    }),
    nudge: onOpen((way) => {
      const { name, number } = splitRule(session.chosen.rule);
      const rule = session.model.rules.find((one) => one.name === name);
      if (!rule?.number) {
        say("This threshold rule has no number; choose another with T");
        return;
      }
      const { low, high } = rule.number;
      const value = Math.min(high, Math.max(low, number + (way * (high - low)) / 100));
      session.choose({ rule: `${name}:${Number(value.toFixed(4))}` });
    }),
    show(what) {
      stage.visible[what] = !stage.visible[what];
      $(`show-${what}`).setAttribute("aria-pressed", stage.visible[what]);
      stage.draw();
      say(`${WORDS[what]} ${stage.visible[what] ? "shown" : "hidden"}`);
    },
    focus: (id) => $(id).focus(),
    add: () => $("files").click(),
    export() {
      if (session.accepted) openExport(session);
      else say("Nothing is accepted yet");
    },
    theme: () => say(`${switchTheme()} colours`),
    help: () => $("help-dialog").showModal(),
    escape() {
      if (document.activeElement !== stage.canvas) stage.canvas.focus();
      else if (isOpen()) session.select(-1);
    },
  };

  function nudgeBox(dx, dy, resizing) {
    const box = selected();
    if (!box) {
      say("No box is selected; choose one with ] or make one with N");
      return;
    }
    const { open } = session;
    const step = Math.max(1, Math.round(Math.max(open.width, open.height) / 200));
    const next = resizing
      ? resized(box, [dx ? 1 : 0.5, dy ? 1 : 0.5], box.x1 + dx * step, box.y1 + dy * step, open)
      : moved(box, dx * step, dy * step, open);
    session.setBox(session.selected, next, resizing ? "resize box" : "move box", true);
  }

  // Go from the superpixel under the cursor to the next one that way, or to the mask's middle at first.
  function walk(dx, dy) {
    const { superpixels, width, height } = session.open;
    if (stage.cursor < 0) {
      const box = selected() ?? { x0: 0, y0: 0, x1: width, y1: height };
      stage.cursor = superpixels.at((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2);
    } else {
      let [x, y] = superpixels.centre(stage.cursor);
      const stride = Math.max(width / superpixels.columns, height / superpixels.rows);
      const from = stage.cursor;
      while (stage.cursor === from && x >= 0 && y >= 0 && x < width && y < height) {
        [x, y] = [x + dx * stride, y + dy * stride];
        stage.cursor = superpixels.at(x, y);
        if (!dx && !dy) break;
      }
    }
    stage.draw();
    const isIn = superpixels.isMostlyIn(session.mask(), stage.cursor);
    say(`Superpixel ${isIn ? "in" : "outside"} the mask`);
  }

  return actions;
}
