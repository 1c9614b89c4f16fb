"""The poster's four columns: image · masked image · intensity map · mask."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from aln.visualize.cells import (
    BETWEEN,
    GUTTER,
    MARGIN,
    TEXT,
    box_legend,
    centred,
    draw_legend,
    fitted,
    fitting,
    line_height,
)
from aln.visualize.drawing import FOUND, INK, PAPER, TRUTH, Picture, draw_box, draw_text, heat, text_size

TITLES = ("image", "masked image", "intensity map", "mask")
MID_GREY = 127
MASK_ON = 245
MASK_OFF = 40


class Sample(NamedTuple):
    """One row of the sheet; a plain tuple of this order serves too.

    Attributes:
        image: RGB uint8 (H, W, 3).
        score_map: float (h, w) in 0..1; any size.
        mask: bool (h, w); any size.
        truth_box: `x0, y0, x1, y1`, half-open, in pixels of `image`.
        found_box: The same for the box that was found.
    """

    image: Picture
    score_map: NDArray[np.float32]
    mask: NDArray[np.bool_]
    truth_box: NDArray[np.float32] | None = None
    found_box: NDArray[np.float32] | None = None


def sample_sheet(rows: Iterable[Sample], *, columns: int = 2, cell: int = 128) -> Picture:
    """Draw samples as the poster does, four cells each; in the second mid-grey occludes the object.

    Args:
        rows: The samples, at least one.
        columns: How many samples stand side by side.
        cell: Side of one cell in pixels; images keep their proportions in it. Where it is a multiple of
            their longer side, they are shown pixel by pixel: just what the network sees, in small files.

    Returns:
        RGB uint8 (H, W, 3).

    Raises:
        ValueError: If there are no samples.
    """
    strips, truth, found = [], False, False
    for sample in itertools.starmap(Sample, rows):  # one photograph at a time: they may be large
        strips.append(_strip(sample, cell))
        truth |= sample.truth_box is not None
        found |= sample.found_box is not None
    if not strips:
        raise ValueError("a sheet needs at least one sample")
    columns = min(columns, len(strips))
    strip_height, strip_width = strips[0].shape[:2]
    top = MARGIN + line_height() + 6
    lines = -(-len(strips) // columns)
    entries = box_legend(truth=truth, found=found)
    legend = line_height() + 8 if entries else 0
    width = 2 * MARGIN + columns * strip_width + (columns - 1) * BETWEEN
    height = top + lines * (strip_height + GUTTER) - GUTTER + legend + MARGIN
    sheet: Picture = np.full((height, width, 3), PAPER, np.uint8)
    for index, strip in enumerate(strips):
        y = top + index // columns * (strip_height + GUTTER)
        x = MARGIN + index % columns * (strip_width + BETWEEN)
        sheet[y : y + strip_height, x : x + strip_width] = strip
    for column in range(columns):
        _titles(sheet, MARGIN + column * (strip_width + BETWEEN), cell)
    if legend:
        draw_legend(sheet, height - MARGIN - legend + 8, entries)
    return sheet


def _strip(sample: Sample, cell: int) -> Picture:
    """The four cells of one sample side by side, with gutters."""
    height, width = sample.image.shape[:2]
    wide, high = fitting(height, width, cell)
    image = fitted(sample.image, wide, high)
    mask = fitted(sample.mask.astype(np.float32), wide, high) > 0.5
    masked = np.where(mask[..., None], np.uint8(MID_GREY), image)
    scores = fitted(sample.score_map.astype(np.float32), wide, high)
    drawn = np.where(mask[..., None], np.uint8(MASK_ON), np.uint8(MASK_OFF)).repeat(3, axis=2)
    boxed = image.copy()
    for box, colour in ((sample.truth_box, TRUTH), (sample.found_box, FOUND)):
        if box is not None:
            draw_box(boxed, box, (wide / width, high / height), colour, 2)
    cells = [centred(picture, cell) for picture in (boxed, masked, heat(scores), drawn)]
    gutter = np.full((cell, GUTTER, 3), PAPER, np.uint8)
    return np.concatenate([cells[0], gutter, cells[1], gutter, cells[2], gutter, cells[3]], axis=1)


def _titles(sheet: Picture, left: int, cell: int) -> None:
    size = next((s for s in range(TEXT, 5, -1) if text_size(TITLES[2], s)[0] <= cell), 5)
    for index, title in enumerate(TITLES):
        x = left + index * (cell + GUTTER) + max(0, cell - text_size(title, size)[0]) // 2
        draw_text(sheet, title, (x, MARGIN), size, INK)
