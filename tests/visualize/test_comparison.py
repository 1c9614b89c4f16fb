"""The comparison sheet: its layout, its boxes at their pixels, hits and misses apart."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from aln.visualize import Compared, comparison_sheet, heat
from aln.visualize.cells import GUTTER, MARGIN, line_height
from aln.visualize.drawing import FOUND, HIT, INK, MISS, TRUTH, Colour, Picture
from tests.visualize.made_up import localization, photograph

CELL = 64


def compared(height: int, width: int, *methods: str, iou: float = 0.7) -> Compared:
    found = {name: localization(height, width) for name in methods}
    truth = np.array([[0, 0, width, height]], np.float32)
    return Compared(photograph(height, width), found, "cat", truth, dict.fromkeys(methods, iou))


def cells(sheet: Picture, columns: int) -> list[Picture]:
    """The cells of the first row; the true box around all of the first shows where it starts."""
    top = (sheet[:, MARGIN] == TRUTH).all(axis=1).nonzero()[0][0]
    lefts = [MARGIN + column * (CELL + GUTTER) for column in range(columns)]
    return [sheet[top : top + CELL, left : left + CELL] for left in lefts]


def coloured(picture: Picture, colour: Colour) -> NDArray[np.bool_]:
    return np.asarray((picture == colour).all(axis=2))


def test_each_cell_shows_its_boxes() -> None:
    image, shown = cells(comparison_sheet([compared(64, 64, "aln")], cell=CELL), 2)
    for cell in (image, shown):
        assert coloured(cell, TRUTH)[[0, 1, -2, -1]].all()
    assert np.array_equal(image[5, 5], photograph(64, 64)[5, 5])
    assert not coloured(image, FOUND).any()
    assert coloured(shown, FOUND)[16:18, 16:48].all(), "the found box fills the middle half"
    assert coloured(shown, FOUND)[46:48, 16:48].all()
    assert coloured(shown, INK)[18, 20:44].all(), "a dark line inside the coloured one"
    assert np.array_equal(shown[32, 32], heat(np.array([[0.8]], np.float32))[0, 0])


@pytest.mark.parametrize(
    ("iou", "colour", "other"), [(0.5, HIT, MISS), (0.7, HIT, MISS), (0.49, MISS, HIT), (0.0, MISS, HIT)]
)
def test_hits_and_misses_differ_in_colour(iou: float, colour: Colour, other: Colour) -> None:
    sheet = comparison_sheet([compared(64, 64, "aln", iou=iou)], cell=CELL)
    assert coloured(sheet, colour).any()
    assert not coloured(sheet, other).any()


@pytest.mark.parametrize(("rows", "methods"), [(1, 1), (1, 20), (3, 2)])
def test_the_sheet_grows_by_whole_cells(rows: int, methods: int) -> None:
    one = comparison_sheet([compared(64, 64, "m0")], cell=CELL)
    names = [f"m{index}" for index in range(methods)]
    sheet = comparison_sheet([compared(64, 64, *names)] * rows, cell=CELL)
    assert sheet.shape[1] - one.shape[1] == (methods - 1) * (CELL + GUTTER)
    assert (sheet.shape[0] == one.shape[0]) == (rows == 1)


@pytest.mark.parametrize("shape", [(1, 1), (3, 500), (500, 3), (48, 64)], ids=str)
def test_any_image_fits_its_cell(shape: tuple[int, int]) -> None:
    sheets = [comparison_sheet([compared(*size, "aln")], cell=CELL) for size in (shape, (64, 64))]
    assert sheets[0].shape == sheets[1].shape


def test_a_long_class_name_takes_several_lines() -> None:
    short, long = (compared(64, 64, "aln")._replace(title=title) for title in ("cat", "American alligator"))
    assert (
        comparison_sheet([long], cell=CELL).shape[0]
        == comparison_sheet([short], cell=CELL).shape[0] + line_height()
    )


def test_without_true_boxes_nothing_is_judged() -> None:
    row = Compared(photograph(64, 64), {"aln": localization(64, 64)})
    sheet = comparison_sheet([row], cell=CELL)
    assert not any(coloured(sheet, colour).any() for colour in (TRUTH, HIT, MISS))
    assert coloured(sheet, FOUND).any()


@pytest.mark.parametrize(
    ("rows", "message"),
    [([], "at least one photograph"), ([compared(9, 9, "a"), compared(9, 9, "b")], "the same methods")],
    ids=["none", "other methods"],
)
def test_rows_that_do_not_belong_together_are_refused(rows: list[Compared], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        comparison_sheet(rows)
