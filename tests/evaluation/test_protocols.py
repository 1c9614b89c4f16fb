from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from aln.boxes import iou
from aln.data.base import Truth
from aln.evaluation.protocols import (
    LEVELS,
    THRESHOLDS,
    BoxCurves,
    exact_box_curves,
    exact_pixel_histogram,
)
from tests.evaluation.fakes import box, random_map, random_truth


def naive_curves(score_map: np.ndarray[tuple[int, ...], np.dtype[np.float32]], truth: Truth) -> BoxCurves:
    """One threshold after the other, components by SciPy."""
    largest, best = [], []
    for threshold in THRESHOLDS:
        labels, count = ndimage.label(score_map.astype(np.float64) >= threshold, structure=np.ones((3, 3)))
        overlaps, areas = [0.0], [0]
        for index, (rows, columns) in enumerate(ndimage.find_objects(labels), start=1):
            corners = np.array([[columns.start, rows.start, columns.stop, rows.stop]], np.float32)
            overlaps.append(float(iou(corners, truth.boxes).max()))
            areas.append(int((labels == index).sum()))
        assert count == len(areas) - 1
        largest.append(overlaps[int(np.argmax(areas))])
        best.append(max(overlaps))
    return BoxCurves(np.array(largest, np.float32), np.array(best, np.float32))


@pytest.mark.parametrize("levels", [0, 2, 6], ids=["any-value", "two-values", "few-values"])
@pytest.mark.parametrize("seed", range(3))
def test_box_curves_agree_with_one_threshold_after_the_other(seed: int, levels: int) -> None:
    score_map, truth = random_map(seed, levels=levels), random_truth(seed)
    curves, expected = exact_box_curves(score_map, truth), naive_curves(score_map, truth)
    assert np.allclose(curves.largest, expected.largest)
    assert np.allclose(curves.best, expected.best)


def test_scores_on_a_threshold_belong_to_the_mask() -> None:
    for threshold in THRESHOLDS.astype(np.float32):
        score_map = np.array([[threshold, 0.0, 1.0]], np.float32)
        truth = box(0, 0, 1, 1)
        assert np.allclose(exact_box_curves(score_map, truth).best, naive_curves(score_map, truth).best)


def test_a_map_without_a_high_score_has_no_box_above_it() -> None:
    curves = exact_box_curves(np.full((4, 4), 0.5, np.float32), box(0, 0, 4, 4))
    assert curves.largest.tolist() == [1.0] * 51 + [0.0] * 49


@pytest.mark.parametrize("seed", range(3))
def test_pixel_histogram_agrees_with_counting(seed: int) -> None:
    score_map, truth = random_map(seed), random_truth(seed)
    assert truth.mask is not None
    assert truth.ignore is not None
    expected = np.zeros((2, LEVELS))
    for pixel in np.ndindex(score_map.shape):
        if not truth.ignore[pixel]:
            expected[int(truth.mask[pixel]), round(float(score_map[pixel]) * 255)] += 1
    histogram = exact_pixel_histogram(score_map, truth)
    assert histogram is not None
    assert np.allclose(histogram, expected / expected.sum(), atol=1e-7)


def test_no_mask_has_no_histogram() -> None:
    assert exact_pixel_histogram(random_map(0), box(0, 0, 1, 1)) is None
