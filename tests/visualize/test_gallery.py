"""The gallery of failures: where its cards are and what they show."""

from __future__ import annotations

import numpy as np
import pytest

from aln.visualize import Failure, failure_gallery
from aln.visualize.cells import BETWEEN, GUTTER, MARGIN
from aln.visualize.drawing import FOUND, TRUTH
from tests.visualize.made_up import localization, photograph

CELL = 64
CARD = 2 * CELL + GUTTER


def failure(height: int = 64, width: int = 64, *lines: str) -> Failure:
    truth = np.array([[0, 0, width, height]], np.float32)
    return Failure(photograph(height, width), truth, localization(height, width), lines or ("a", "b"))


def test_a_card_shows_both_boxes_on_photograph_and_map() -> None:
    sheet = failure_gallery([failure()], cell=CELL)
    assert sheet.shape[1] == 2 * MARGIN + CARD
    for left in (MARGIN, MARGIN + CELL + GUTTER):
        cell = sheet[MARGIN : MARGIN + CELL, left : left + CELL]
        assert (cell[[0, 1, -2, -1]] == TRUTH).all()
        assert (cell[16:18, 16:48] == FOUND).all()


@pytest.mark.parametrize(
    ("failures", "columns", "side_by_side"), [(1, 4, 1), (4, 2, 2), (5, 2, 2), (5, 8, 5)]
)
def test_cards_stand_in_rows(failures: int, columns: int, side_by_side: int) -> None:
    sheet = failure_gallery([failure()] * failures, columns=columns, cell=CELL)
    assert sheet.shape[1] == 2 * MARGIN + side_by_side * CARD + (side_by_side - 1) * BETWEEN
    starts = (sheet[:, MARGIN + 8] == TRUTH).all(axis=1).sum() / 4
    assert starts >= -(-failures // side_by_side)


def test_a_heading_stands_on_top_in_as_many_lines_as_it_needs() -> None:
    heights = [
        failure_gallery([failure()], heading, cell=CELL).shape[0] for heading in ("", "short", "word " * 30)
    ]
    assert heights[0] < heights[1] < heights[2]


@pytest.mark.parametrize("shape", [(1, 1), (3, 500), (500, 3)], ids=str)
def test_any_image_and_text_fit(shape: tuple[int, int]) -> None:
    sheet = failure_gallery([failure(*shape, "x" * 300, "猫 → 🐈")], cell=CELL)
    assert sheet.shape == failure_gallery([failure()], cell=CELL).shape


def test_no_failures_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one failure"):
        failure_gallery([])
