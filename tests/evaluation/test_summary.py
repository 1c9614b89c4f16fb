from __future__ import annotations

import numpy as np
import pytest

from aln.evaluation.protocols import exact_pixel_histogram
from aln.evaluation.summary import average_precision, max_box_acc, max_box_acc_v2, px_ap
from tests.evaluation.fakes import random_map, random_truth

CURVES = np.random.default_rng(0).random((20, 100)).astype(np.float32)


def naive_best(level: float) -> float:
    return max(float(np.mean([curve[t] >= np.float32(level) for curve in CURVES])) for t in range(100))


def test_max_box_acc_is_the_best_threshold_over_the_data_set() -> None:
    hits = max_box_acc(CURVES)
    assert set(hits.tolist()) <= {0.0, 1.0}
    assert hits.mean() == pytest.approx(naive_best(0.5))


def test_max_box_acc_v2_takes_each_level_at_its_own_best() -> None:
    expected = np.mean([naive_best(0.3), naive_best(0.5), naive_best(0.7)])
    assert max_box_acc_v2(CURVES).mean() == pytest.approx(expected)


def histograms(count: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    made = [exact_pixel_histogram(random_map(seed), random_truth(seed)) for seed in range(count)]
    return np.stack([histogram for histogram in made if histogram is not None])


def test_px_ap_agrees_with_going_through_the_pixels() -> None:
    """Sort all pixels of all images, each image of total weight 1, and sum precision times recall step."""
    pixels = []
    for seed in range(4):
        score_map, truth = random_map(seed), random_truth(seed)
        assert truth.mask is not None
        assert truth.ignore is not None
        keep = ~truth.ignore
        levels = np.round(score_map[keep] * 255)
        pixels += [(s, bool(m), 1 / keep.sum()) for s, m in zip(levels, truth.mask[keep], strict=True)]
    total = sum(weight for _, is_object, weight in pixels if is_object)
    expected, recall = 0.0, 0.0
    for level in sorted({s for s, _, _ in pixels}, reverse=True):
        chosen = [(is_object, weight) for s, is_object, weight in pixels if s >= level]
        true = sum(weight for is_object, weight in chosen if is_object)
        expected += true / sum(weight for _, weight in chosen) * (true / total - recall)
        recall = true / total
    estimate = px_ap(histograms(4))
    assert estimate.value == pytest.approx(100 * expected, abs=1e-4)
    assert estimate.n_images == 4
    assert estimate.ci_low <= estimate.value <= estimate.ci_high


@pytest.mark.parametrize(
    ("background", "objects", "value"),
    [
        pytest.param([1, 0], [0, 1], 1.0, id="perfect"),
        pytest.param([0, 1], [0, 1], 0.5, id="flat-map-scores-the-object-share"),
        pytest.param([0, 1], [1, 0], 0.5, id="upside-down"),
        pytest.param([1, 1], [0, 0], 0.0, id="no-object"),
    ],
)
def test_average_precision(background: list[int], objects: list[int], value: float) -> None:
    assert average_precision(np.array([[background, objects]], np.float64))[0] == pytest.approx(value)
