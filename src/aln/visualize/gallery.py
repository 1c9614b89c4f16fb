"""A gallery of failures: the photograph, what was to be found in it, and what was found instead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from aln.localization import Localization
from aln.visualize.cells import (
    BETWEEN,
    GUTTER,
    MARGIN,
    TEXT,
    box_legend,
    caption,
    draw_legend,
    image_cell,
    line_height,
    map_cell,
    wrapped,
)
from aln.visualize.drawing import INK, PAPER, Colour, Picture, draw_text

FAINT: Colour = (96, 96, 104)


class Failure(NamedTuple):
    """One photograph in which the object was missed.

    Attributes:
        image: RGB uint8 (H, W, 3).
        truth_boxes: float32 (N, 4), half-open, in pixels of `image`; N >= 1.
        found: What was found.
        lines: What to write below it, the first line darker than the others; as many in every failure.
    """

    image: Picture
    truth_boxes: NDArray[np.float32]
    found: Localization
    lines: Sequence[str]


def failure_gallery(
    failures: Sequence[Failure], heading: str = "", *, columns: int = 4, cell: int = 112
) -> Picture:
    """Draw each failure as a card: photograph and map with both boxes, below them its lines.

    Args:
        failures: At least one, in the order they are shown, row by row.
        heading: A sentence or two on top.
        columns: How many cards stand side by side.
        cell: Side of the square cells in pixels.

    Returns:
        RGB uint8 (H, W, 3).

    Raises:
        ValueError: If there is no failure.
    """
    if not failures:
        raise ValueError("a gallery needs at least one failure")
    cards = [_card(failure, cell) for failure in failures]
    height, width = cards[0].shape[:2]
    columns = min(columns, len(cards))
    wide = columns * width + (columns - 1) * BETWEEN
    lines = wrapped(heading, wide) if heading else []
    top = MARGIN + len(lines) * line_height() + (8 if lines else 0)
    rows = -(-len(cards) // columns)
    bottom = top + rows * (height + 8)
    sheet: Picture = np.full((bottom + line_height() + MARGIN, wide + 2 * MARGIN, 3), PAPER, np.uint8)
    for row, line in enumerate(lines):
        draw_text(sheet, line, (MARGIN, MARGIN + row * line_height()), TEXT, INK)
    for index, card in enumerate(cards):
        y, x = top + index // columns * (height + 8), MARGIN + index % columns * (width + BETWEEN)
        sheet[y : y + height, x : x + width] = card
    draw_legend(sheet, bottom, box_legend(truth=True, found=True))
    return sheet


def _card(failure: Failure, cell: int) -> Picture:
    pictures = [
        image_cell(failure.image, failure.truth_boxes, failure.found.boxes[:1], cell),
        np.full((cell, GUTTER, 3), PAPER, np.uint8),
        map_cell(failure.found, failure.truth_boxes, cell),
    ]
    width = 2 * cell + GUTTER
    first, *others = [[line] for line in failure.lines]
    text = [caption(first, width), *(caption(line, width, colour=FAINT) for line in others)]
    return np.concatenate([np.concatenate(pictures, axis=1), *text])
