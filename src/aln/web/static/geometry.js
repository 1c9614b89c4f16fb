// Boxes that stay inside the photograph and keep at least one pixel.

const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

export function moved(box, dx, dy, { width, height }) {
  const x = clamp(dx, -box.x0, width - box.x1);
  const y = clamp(dy, -box.y0, height - box.y1);
  return { x0: box.x0 + x, y0: box.y0 + y, x1: box.x1 + x, y1: box.y1 + y };
}

// Drag a handle (h, v: 0 the low edge, 1 the high one, 0.5 neither) to (x, y).
export function resized(box, [h, v], x, y, { width, height }) {
  const next = { x0: box.x0, y0: box.y0, x1: box.x1, y1: box.y1 };
  if (h === 0) next.x0 = clamp(x, 0, box.x1 - 1);
  if (h === 1) next.x1 = clamp(x, box.x0 + 1, width);
  if (v === 0) next.y0 = clamp(y, 0, box.y1 - 1);
  if (v === 1) next.y1 = clamp(y, box.y0 + 1, height);
  return next;
}

// The box between two corners, in whole pixels.
export function between([xa, ya], [xb, yb], { width, height }) {
  const [x0, x1] = span(xa, xb, width);
  const [y0, y1] = span(ya, yb, height);
  return { x0, y0, x1, y1 };
}

function span(a, b, size) {
  const low = clamp(Math.round(Math.min(a, b)), 0, size - 1);
  return [low, clamp(Math.round(Math.max(a, b)), low + 1, size)];
}

export const inside = (box, x, y) => x >= box.x0 && x < box.x1 && y >= box.y0 && y < box.y1;

export const rounded = (box) =>
  Object.fromEntries(Object.entries(box).map(([name, value]) => [name, Math.round(value * 100) / 100]));
