"""Near-square cells that don't look at the image: the baseline of every superpixel comparison."""

from __future__ import annotations

import numpy as np

from aln.config import SuperpixelConfig
from aln.superpixels.base import ALGORITHMS, Image, Segments


@ALGORITHMS.register("grid")
def grid(image: Image, config: SuperpixelConfig) -> Segments:
    """Exactly `config.count` cells (or one a pixel, if there are fewer pixels), as square as they can be."""
    height, width = image.shape[:2]
    count = min(config.count, height * width)
    fewest_rows = -(-count // width)
    rows = round((count * height / width) ** 0.5)
    rows = min(max(rows, fewest_rows), height, count)
    row = np.arange(height) * rows // height
    first = np.arange(rows + 1) * count // rows  # the number of the first cell in each row of cells
    cells = np.diff(first)[row]
    column = np.arange(width)[None, :] * cells[:, None] // width
    labels: Segments = (first[row][:, None] + column).astype(np.int32)
    return labels
