"""The same photographs under several methods: one row a photograph, one column a method."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from aln.localization import Localization
from aln.visualize.cells import (
    GUTTER,
    MARGIN,
    box_legend,
    caption,
    draw_legend,
    image_cell,
    line_height,
    map_cell,
    wrapped,
)
from aln.visualize.drawing import HIT, INK, MISS, PAPER, Colour, Picture

RIGHT_IOU = 0.5
NO_BOXES = np.zeros((0, 4), np.float32)


class Compared(NamedTuple):
    """One photograph and what each method found in it.

    Attributes:
        image: RGB uint8 (H, W, 3).
        found: What each method found, by the name that heads its column; the same names in every row.
        title: A few words below the photograph, such as its class.
        truth_boxes: float32 (N, 4), half-open, in pixels of `image`; by default none is known.
        ious: How well each method's box fits, by the same names, 0..1; empty where no true box is known.
    """

    image: Picture
    found: Mapping[str, Localization]
    title: str = ""
    truth_boxes: NDArray[np.float32] = NO_BOXES
    ious: Mapping[str, float] = MappingProxyType({})


def comparison_sheet(rows: Iterable[Compared], *, cell: int = 104) -> Picture:
    """Draw photographs with their true boxes, then each method's heat map with the box that it found.

    Below each map stands the IoU: in blue with a tick from 0.5 on, below that in red with a cross.

    Args:
        rows: The photographs, at least one, each with the same methods.
        cell: Side of one cell in pixels; images keep their proportions in it.

    Returns:
        RGB uint8 (H, W, 3).

    Raises:
        ValueError: If there is no photograph, or they differ in their methods.
    """
    compared = list(rows)
    if not compared:
        raise ValueError("a comparison needs at least one photograph")
    names = list(compared[0].found)
    if any(list(row.found) != names for row in compared):
        raise ValueError("all photographs of a comparison need the same methods in the same order")
    body = np.concatenate([_heading(["photograph", *names], cell), *(_row(row, cell) for row in compared)])
    height, width = body.shape[:2]
    sheet: Picture = np.full(
        (height + line_height() + 2 * MARGIN + 4, width + 2 * MARGIN, 3), PAPER, np.uint8
    )
    sheet[MARGIN : MARGIN + height, MARGIN : MARGIN + width] = body
    truth = any(len(row.truth_boxes) for row in compared)
    draw_legend(sheet, MARGIN + height + 4, box_legend(truth=truth, found=bool(names)))
    return sheet


def _verdict(overlap: float) -> tuple[str, Colour]:
    """An IoU as text with a tick or a cross, and its colour."""
    right = overlap >= RIGHT_IOU
    shown = overlap if right else min(overlap, 0.49)  # a miss of 0.499 does not read "0.50"
    return f"IoU {shown:.2f} {'✓' if right else '✗'}", HIT if right else MISS


def _heading(names: list[str], cell: int) -> Picture:
    titles = [wrapped(name, cell) for name in names]
    rows = max(map(len, titles))
    return _side_by_side([caption(title, cell, rows=rows) for title in titles], below=4)


def _row(row: Compared, cell: int) -> Picture:
    """The photograph and the maps, text below each."""
    title = wrapped(row.title, cell)
    rest = [""] * (len(title) - 1)
    photograph = image_cell(row.image, row.truth_boxes, NO_BOXES, cell)
    columns = [np.concatenate([photograph, caption(title, cell, rows=len(title))])]
    for name, found in row.found.items():
        text, colour = _verdict(row.ious[name]) if row.ious else ("", INK)
        below = caption([text, *rest], cell, rows=len(title), colour=colour)
        columns.append(np.concatenate([map_cell(found, row.truth_boxes, cell), below]))
    return _side_by_side(columns, below=6)


def _side_by_side(columns: list[Picture], *, below: int) -> Picture:
    """Columns of one height with gutters between them and empty space below."""
    gaps = [(0, below), (0, GUTTER), (0, 0)]
    joined: Picture = np.concatenate([np.pad(c, gaps, constant_values=255) for c in columns], axis=1)
    return joined[:, :-GUTTER]
