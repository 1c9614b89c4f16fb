// What lies over the photograph, drawn once a change into pictures of the screen's size.

const FILL = [70, 200, 255, 64];
const LINE = [150, 228, 255, 255];
const SEAM = [255, 255, 255, 70];
const SIDE = 1100;

function layer(width, height, colourAt) {
  const scale = Math.min(SIDE / Math.max(width, height), 16);
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(canvas.width, canvas.height);
  const xs = places(canvas.width, width);
  const ys = places(canvas.height, height);
  let place = 0;
  for (let row = 0; row < canvas.height; row++) {
    for (let column = 0; column < canvas.width; column++, place += 4) {
      const colour = colourAt(xs, ys, column, row);
      if (colour) pixels.data.set(colour, place);
    }
  }
  context.putImageData(pixels, 0, 0);
  return canvas;
}

// The photograph's column (or row) under each of a layer's.
function places(count, size) {
  return Int32Array.from({ length: count }, (_, index) => Math.floor(((index + 0.5) * size) / count));
}

// The outline; filled too where `filled`.
export function maskLayer(mask, width, height, filled) {
  const inside = (x, y) => mask[x * height + y];
  return layer(width, height, (xs, ys, column, row) => {
    const x = xs[column];
    const y = ys[row];
    if (!inside(x, y)) return null;
    const left = column < 2 || inside(xs[column - 2], y);
    const right = column + 2 >= xs.length || inside(xs[column + 2], y);
    const above = row < 2 || inside(x, ys[row - 2]);
    const below = row + 2 >= ys.length || inside(x, ys[row + 2]);
    if (!(left && right && above && below)) return LINE;
    return filled ? FILL : null;
  });
}

export function seamLayer(superpixels) {
  const { width, height } = superpixels;
  return layer(width, height, (xs, ys, column, row) => {
    const own = superpixels.at(xs[column], ys[row]);
    const right = column + 1 < xs.length && superpixels.at(xs[column + 1], ys[row]) !== own;
    const below = row + 1 < ys.length && superpixels.at(xs[column], ys[row + 1]) !== own;
    return right || below ? SEAM : null;
  });
}
