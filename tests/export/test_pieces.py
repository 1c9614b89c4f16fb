"""Which part of the mask belongs to which box."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aln.export.pieces import pieces
from tests.export.made_up import FOUND, L_SHAPE, RING, found_in

BOTH = found_in("a.jpg", {0.9: L_SHAPE, 0.75: RING})


def test_each_box_has_the_component_that_it_bounds() -> None:
    masks = [piece.mask(24, 30) for piece in pieces(FOUND[0])]
    assert np.array_equal(np.sum(masks, axis=0), FOUND[0].mask)
    for mask, box in zip(masks, FOUND[0].boxes, strict=True):
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        assert [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1] == box.tolist()


@pytest.mark.parametrize(
    ("box", "area", "window"),
    [
        ([14, 2, 22, 10], 64, (14, 2, 8, 8)),
        ([15, 3, 21.5, 9.5], 49, (15, 3, 7, 7)),
        ([0, 0, 30, 24], 64, (0, 0, 24, 30)),
        ([23, 20, 28, 23], 15, (23, 20, 3, 5)),
    ],
    ids=["its own", "moved inside", "around several", "around nothing"],
)
def test_a_moved_box_takes_the_largest_part_inside(
    box: list[float], area: int, window: tuple[int, int, int, int]
) -> None:
    moved = replace(BOTH, boxes=np.array([box], np.float32), box_scores=np.ones(1, np.float32))
    (piece,) = pieces(moved)
    assert piece.crop.sum() == area
    assert (piece.left, piece.top, *piece.crop.shape) == window
