"""Finer thresholds against maps whose best one is known."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.threshold_grid import overlaps

from aln.data.base import Truth


@pytest.mark.parametrize(
    ("object_score", "coarse", "fine"),
    [(0.5, 1.0, 1.0), (0.007, 0.25, 1.0), (0.0007, 0.25, 1.0), (0.00004, 0.25, 0.25)],
    ids=["within hundredths", "within thousandths", "within ten-thousandths", "below all"],
)
def test_an_object_below_the_steps_is_found_with_finer_ones(
    object_score: float, coarse: float, fine: float
) -> None:
    """One bright pixel in an object of faint ones, a quarter of the image."""
    score_map = np.zeros((8, 8), np.float32)
    score_map[:4, :4] = object_score
    score_map[1, 1] = 1
    truth = Truth(np.array([[0, 0, 4, 4]], np.float32))
    for decades, expected in ((1, coarse), (3, fine)):
        for curve in overlaps(score_map, truth, decades):
            assert curve.shape == (100 * decades,)
            assert curve.max() == pytest.approx(expected)
