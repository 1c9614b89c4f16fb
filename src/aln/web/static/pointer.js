// Mouse, pen and finger on the canvas: boxes are drawn, moved and resized; superpixels switched on and off.

import { between, inside, moved, resized, rounded } from "./geometry.js";
import { HANDLES } from "./stage.js";

const REACH = { mouse: 9, pen: 12, touch: 20 }; // screen pixels
const SLOP = 4;

export function listen(stage, session) {
  const { canvas } = stage;
  let drag = null;

  const ready = () => session.open !== null;
  let finger = null;

  const drop = () => {
    drag = null;
    stage.stroke = null;
    stage.draft = null;
    stage.draw();
  };
  // What is under way belongs to the photograph that it began on.
  for (const type of ["loading", "opened"]) session.addEventListener(type, drop);

  canvas.addEventListener("pointerdown", (event) => {
    if (!ready() || event.button > 0) return;
    if (drag && event.pointerId !== finger) {
      drop(); // two fingers pinch, they don't draw
      return;
    }
    finger = event.pointerId;
    canvas.focus({ preventScroll: true });
    canvas.setPointerCapture(event.pointerId);
    drag = stage.tool === "mask" ? paint(stage, session, event) : grab(stage, session, event);
    event.preventDefault();
  });

  canvas.addEventListener("pointermove", (event) => {
    if (!ready()) return;
    if (drag) {
      if (event.pointerId === finger) drag.move(event);
    } else hover(stage, session, event);
  });

  canvas.addEventListener("pointerup", (event) => {
    if (event.pointerId !== finger) return;
    const ended = drag;
    drag = null;
    ended?.end();
  });

  canvas.addEventListener("pointercancel", drop);

  canvas.addEventListener("pointerleave", () => {
    if (!drag && stage.tool === "mask") {
      stage.cursor = -1;
      stage.draw();
    }
  });
}

function hover(stage, session, event) {
  const [x, y] = stage.place(event);
  if (stage.tool === "mask") {
    stage.cursor = session.open.superpixels.at(x, y);
    stage.draw();
    return;
  }
  const handle = handleAt(stage, session, event);
  const cursors = ["nwse", "ns", "nesw", "ew", "nwse", "ns", "nesw", "ew"];
  if (handle >= 0) stage.canvas.style.cursor = `${cursors[handle]}-resize`;
  else stage.canvas.style.cursor = boxAt(session, x, y) >= 0 ? "move" : "crosshair";
}

function handleAt(stage, session, event) {
  const box = session.edit.boxes[session.selected];
  if (!box) return -1;
  const [x, y] = stage.place(event);
  const reach = (REACH[event.pointerType] ?? REACH.mouse) / stage.view.scale;
  const far = HANDLES.map(([h, v]) =>
    Math.hypot(box.x0 + h * (box.x1 - box.x0) - x, box.y0 + v * (box.y1 - box.y0) - y));
  const nearest = far.indexOf(Math.min(...far));
  return far[nearest] <= reach ? nearest : -1;
}

// The smallest box around a place, the selected one first.
function boxAt(session, x, y) {
  const { boxes } = session.edit;
  if (session.selected >= 0 && inside(boxes[session.selected], x, y)) return session.selected;
  const area = (box) => (box.x1 - box.x0) * (box.y1 - box.y0);
  const around = boxes.map((box, index) => [box, index]).filter(([box]) => inside(box, x, y));
  around.sort(([a], [b]) => area(a) - area(b));
  return around.length ? around[0][1] : -1;
}

function grab(stage, session, event) {
  const start = stage.place(event);
  const handle = handleAt(stage, session, event);
  const index = handle >= 0 ? session.selected : boxAt(session, ...start);
  if (index >= 0 && index !== session.selected) session.select(index);
  const box = session.edit.boxes[index];
  const change = ([x, y]) => {
    if (handle >= 0) return resized(box, HANDLES[handle], x, y, session.open);
    if (index >= 0) return moved(box, x - start[0], y - start[1], session.open);
    return between(start, [x, y], session.open);
  };
  return {
    move(next) {
      const place = stage.place(next);
      const far = Math.hypot(place[0] - start[0], place[1] - start[1]) * stage.view.scale;
      if (!stage.draft && far < SLOP) return;
      stage.draft = { index: index >= 0 ? index : session.edit.boxes.length, box: rounded(change(place)) };
      stage.draw();
    },
    end() {
      const { draft } = stage;
      stage.draft = null;
      if (index >= 0 && !session.edit.boxes[index]) return; // an answer with fewer boxes came
      if (draft && index >= 0) session.setBox(index, draft.box, handle >= 0 ? "resize box" : "move box");
      else if (draft) session.addBox(draft.box);
      else session.select(index);
    },
  };
}

function paint(stage, session, event) {
  const { superpixels } = session.open;
  const first = superpixels.at(...stage.place(event));
  stage.stroke = session.mask().slice();
  const value = superpixels.isMostlyIn(stage.stroke, first) ? 0 : 1;
  const done = new Set();
  const touch = (label) => {
    stage.cursor = label;
    if (done.has(label)) return;
    done.add(label);
    superpixels.paint(stage.stroke, label, value);
    stage.draw();
  };
  let last = stage.place(event);
  touch(first);
  return {
    move(next) {
      const place = stage.place(next);
      const steps = Math.max(1, Math.ceil(Math.hypot(place[0] - last[0], place[1] - last[1]) * stage.view.scale / 4));
      for (let step = 1; step <= steps; step++) {
        const part = step / steps;
        touch(superpixels.at(last[0] + (place[0] - last[0]) * part, last[1] + (place[1] - last[1]) * part));
      }
      last = place;
    },
    end() {
      const mask = stage.stroke;
      stage.stroke = null;
      session.painted(mask);
    },
  };
}
