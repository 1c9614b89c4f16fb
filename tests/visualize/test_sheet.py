"""The sheet of samples: its layout, its colours, and any image size."""

from __future__ import annotations

import numpy as np
import pytest

from aln.visualize import Sample, sample_sheet
from aln.visualize.cells import GUTTER, MARGIN
from aln.visualize.drawing import FOUND, TRUTH, Picture
from aln.visualize.sheet import MASK_OFF, MASK_ON, MID_GREY
from tests.visualize.made_up import localization, photograph


def sample(height: int, width: int, *, truth: bool = True) -> Sample:
    found = localization(height, width)
    truth_box = np.array([0, 0, width, height], np.float32) if truth else None
    return Sample(photograph(height, width), found.score_map, found.mask, truth_box, found.boxes[0])


def first_cell(sheet: Picture, column: int, cell: int) -> Picture:
    """One of the four cells of the first sample; the true box around all of it shows where it starts."""
    top = (sheet[:, MARGIN] == TRUTH).all(axis=1).nonzero()[0][0]
    left = MARGIN + column * (cell + GUTTER)
    return sheet[top : top + cell, left : left + cell]


def test_four_columns_of_the_poster() -> None:
    sheet = sample_sheet([sample(64, 64)], cell=128)
    image, masked, intensity, mask = (first_cell(sheet, column, 128) for column in range(4))
    assert (image[0] == TRUTH).all()
    assert (image[32, 40:90] == FOUND).all()
    assert np.array_equal(image[8, 8], photograph(64, 64)[4, 4])
    assert (masked[32:96, 32:96] == MID_GREY).all()
    assert np.array_equal(masked[8, 8], photograph(64, 64)[4, 4])
    assert intensity[64, 64].sum() > intensity[8, 8].sum()
    assert (mask[32:96, 32:96] == MASK_ON).all()
    assert (mask[8, 8] == MASK_OFF).all()


@pytest.mark.parametrize("shape", [(1, 1), (3, 500), (500, 3), (64, 96), (100, 100), (300, 200)], ids=str)
@pytest.mark.parametrize("cell", [48, 128])
def test_any_image_fits_its_cell(shape: tuple[int, int], cell: int) -> None:
    sheets = [sample_sheet([sample(*size)], cell=cell) for size in (shape, (64, 64))]
    assert sheets[0].shape == sheets[1].shape
    assert sheets[0].dtype == np.uint8


def test_score_map_and_mask_may_have_another_size() -> None:
    small = localization(8, 8)
    sample_sheet([Sample(photograph(64, 64), small.score_map, small.mask)])


@pytest.mark.parametrize(("samples", "columns", "lines"), [(1, 4, 1), (4, 2, 2), (5, 2, 3), (5, 1, 5)])
def test_samples_stand_side_by_side(samples: int, columns: int, lines: int) -> None:
    one = sample_sheet([sample(64, 64)], cell=64)
    many = sample_sheet([sample(64, 64)] * samples, columns=columns, cell=64)
    assert many.shape[0] == one.shape[0] + (lines - 1) * (64 + GUTTER)
    assert many.shape[1] > min(columns, samples) * 4 * 64


def test_without_boxes_there_is_no_legend() -> None:
    found = localization(64, 64)
    bare = sample_sheet([Sample(photograph(64, 64), found.score_map, found.mask)])
    assert bare.shape[0] < sample_sheet([sample(64, 64)]).shape[0]
    assert not (bare == TRUTH).all(axis=2).any()


def test_the_legend_names_only_what_is_drawn() -> None:
    sheet = sample_sheet([sample(64, 64, truth=False)])
    assert (sheet == FOUND).all(axis=2).any()
    assert not (sheet == TRUTH).all(axis=2).any()


def test_no_samples_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one sample"):
        sample_sheet([])
