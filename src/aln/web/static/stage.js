// The canvas: photograph, heat map, mask and boxes, and where they lie on the screen.

import { maskLayer, seamLayer } from "./layers.js";

const BOX = "#ff6028";
const HALO = "rgba(15, 15, 18, 0.75)";
const PAD = 14;
export const HANDLES = [[0, 0], [0.5, 0], [1, 0], [1, 0.5], [1, 1], [0.5, 1], [0, 1], [0, 0.5]];

export class Stage {
  constructor(canvas, session) {
    this.canvas = canvas;
    this.session = session;
    this.visible = { heat: true, mask: true, boxes: true };
    this.opacity = 0.55;
    this.tool = "box";
    this.cursor = -1; // the superpixel under pointer or keys
    this.stroke = null; // a mask while it is painted
    this.draft = null; // a box while it is drawn or moved: { index, box }
    new ResizeObserver(() => this.draw()).observe(canvas.parentElement);
  }

  // Photographs' pixels to the screen's: x * scale + left.
  get view() {
    const { clientWidth, clientHeight } = this.canvas;
    const { width, height } = this.session.open;
    const scale = Math.max(1e-6, Math.min((clientWidth - 2 * PAD) / width, (clientHeight - 2 * PAD) / height));
    return { scale, left: (clientWidth - width * scale) / 2, top: (clientHeight - height * scale) / 2 };
  }

  // Where an event happened, in the photograph's pixels; may lie outside.
  place(event) {
    const { left, top } = this.canvas.getBoundingClientRect();
    const view = this.view;
    return [(event.clientX - left - view.left) / view.scale, (event.clientY - top - view.top) / view.scale];
  }

  draw() {
    this.pending ??= requestAnimationFrame(() => {
      this.pending = null;
      this.drawNow();
    });
  }

  drawNow() {
    const { canvas, session } = this;
    const ratio = devicePixelRatio || 1;
    canvas.width = Math.round(canvas.clientWidth * ratio);
    canvas.height = Math.round(canvas.clientHeight * ratio);
    if (!session.open) return;
    const context = canvas.getContext("2d");
    const { scale, left, top } = this.view;
    const { open } = session;
    context.scale(ratio, ratio);
    context.translate(left, top);
    const [width, height] = [open.width * scale, open.height * scale];
    context.drawImage(open.image, 0, 0, width, height);
    if (this.visible.heat && open.heat) {
      context.globalAlpha = this.tool === "mask" ? this.opacity / 3 : this.opacity;
      context.drawImage(open.heat, 0, 0, width, height);
      context.globalAlpha = 1;
    }
    if (this.tool === "mask") context.drawImage(this.seams(), 0, 0, width, height);
    if (this.visible.mask || this.tool === "mask") context.drawImage(this.maskPicture(), 0, 0, width, height);
    if (this.tool === "mask") this.drawCursor(context, scale);
    if (this.visible.boxes) this.drawBoxes(context, scale);
  }

  maskPicture() {
    const { open, edit } = this.session;
    const filled = this.tool === "mask" || !this.visible.heat; // else the heat map is easier to read
    if (this.stroke || this.layerOf !== edit.counts || this.layerFilled !== filled) {
      this.layerOf = this.stroke ? null : edit.counts;
      this.layerFilled = filled;
      this.layer = maskLayer(this.stroke ?? this.session.mask(), open.width, open.height, filled);
    }
    return this.layer;
  }

  seams() {
    const { superpixels } = this.session.open;
    if (this.seamsOf !== superpixels) {
      this.seamsOf = superpixels;
      this.seamPicture = seamLayer(superpixels);
    }
    return this.seamPicture;
  }

  drawCursor(context, scale) {
    if (this.cursor < 0) return;
    context.fillStyle = "rgba(255, 255, 255, 0.5)";
    for (const [x0, y0, x1, y1] of this.session.open.superpixels.rectangles(this.cursor)) {
      context.fillRect(x0 * scale, y0 * scale, (x1 - x0) * scale, (y1 - y0) * scale);
    }
  }

  boxes() {
    const boxes = [...this.session.edit.boxes];
    if (this.draft) boxes[this.draft.index] = { score: 1, ...boxes[this.draft.index], ...this.draft.box };
    return boxes;
  }

  drawBoxes(context, scale) {
    const boxes = this.boxes();
    const selected = this.draft?.index ?? this.session.selected;
    boxes.forEach((box, index) => this.drawBox(context, box, scale, index === selected));
    const active = boxes[selected];
    if (active && this.tool === "box") this.drawHandles(context, active, scale);
  }

  drawBox(context, box, scale, selected) {
    const [x, y] = [box.x0 * scale, box.y0 * scale];
    const [width, height] = [(box.x1 - box.x0) * scale, (box.y1 - box.y0) * scale];
    for (const [colour, line] of [[HALO, selected ? 5 : 4], [BOX, selected ? 3 : 1.75]]) {
      context.strokeStyle = colour;
      context.lineWidth = line;
      context.strokeRect(x, y, width, height);
    }
    const text = `${this.session.edit.label} ${box.score.toFixed(2)}`;
    context.font = "600 12px system-ui, sans-serif";
    const wide = context.measureText(text).width + 10;
    const above = y >= 20 ? y - 20 : y + 2;
    context.fillStyle = BOX;
    context.fillRect(x - 1, above, wide, 18);
    context.fillStyle = "#1d0f08";
    context.fillText(text, x + 4, above + 13);
  }

  drawHandles(context, box, scale) {
    context.fillStyle = "#fff";
    context.strokeStyle = HALO;
    context.lineWidth = 1.5;
    for (const [h, v] of HANDLES) {
      const x = (box.x0 + h * (box.x1 - box.x0)) * scale;
      const y = (box.y0 + v * (box.y1 - box.y0)) * scale;
      context.beginPath();
      context.arc(x, y, 5, 0, 2 * Math.PI);
      context.fill();
      context.stroke();
    }
  }
}
