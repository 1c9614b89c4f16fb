// Masks and superpixels. A mask is a Uint8Array with a value a pixel, down the columns: x * height + y.

export function decoded(counts, width, height) {
  const mask = new Uint8Array(width * height);
  let start = 0;
  counts.forEach((count, index) => {
    if (index % 2) mask.fill(1, start, start + count);
    start += count;
  });
  return mask;
}

export function encoded(mask) {
  const counts = [];
  let value = 0;
  let start = 0;
  for (let index = 0; index < mask.length; index++) {
    if (mask[index] !== value) {
      counts.push(index - start);
      start = index;
      value = mask[index];
    }
  }
  counts.push(mask.length - start);
  return counts;
}

export class Superpixels {
  // values: width, height, then a label a pixel along the rows; of a photograph of size (width, height).
  constructor(values, width, height) {
    [this.columns, this.rows] = values;
    this.labels = values.subarray(2);
    this.width = width;
    this.height = height;
    this.members = new Map();
    this.labels.forEach((label, place) => {
      if (!this.members.has(label)) this.members.set(label, []);
      this.members.get(label).push(place);
    });
  }

  at(x, y) {
    const column = Math.min(this.columns - 1, Math.max(0, Math.floor((x * this.columns) / this.width)));
    const row = Math.min(this.rows - 1, Math.max(0, Math.floor((y * this.rows) / this.height)));
    return this.labels[row * this.columns + column];
  }

  // The photograph's pixels of each small pixel of a superpixel, as [x0, y0, x1, y1].
  *rectangles(label) {
    for (const place of this.members.get(label) ?? []) {
      const column = place % this.columns;
      const row = (place - column) / this.columns;
      yield [
        edge(column, this.width / this.columns),
        edge(row, this.height / this.rows),
        edge(column + 1, this.width / this.columns),
        edge(row + 1, this.height / this.rows),
      ];
    }
  }

  centre(label) {
    const places = this.members.get(label);
    const middle = places[Math.floor(places.length / 2)];
    const column = middle % this.columns;
    return [
      ((column + 0.5) * this.width) / this.columns,
      (((middle - column) / this.columns + 0.5) * this.height) / this.rows,
    ];
  }

  isMostlyIn(mask, label) {
    let inside = 0;
    let all = 0;
    for (const [x0, y0, x1, y1] of this.rectangles(label)) {
      for (let x = x0; x < x1; x++) {
        for (let y = y0; y < y1; y++) inside += mask[x * this.height + y];
      }
      all += (x1 - x0) * (y1 - y0);
    }
    return inside * 2 > all;
  }

  paint(mask, label, value) {
    for (const [x0, y0, x1, y1] of this.rectangles(label)) {
      for (let x = x0; x < x1; x++) mask.fill(value, x * this.height + y0, x * this.height + y1);
    }
  }
}

// The first pixel whose middle lies at or behind the edge of a small pixel.
const edge = (index, size) => Math.ceil(index * size - 0.5);
