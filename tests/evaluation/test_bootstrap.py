from __future__ import annotations

import numpy as np
import pytest

from aln.evaluation import bootstrap
from aln.evaluation.bootstrap import interval, mean_estimates, resample_weights


def test_values_are_means_in_percent() -> None:
    values = np.array([[0.0, 1.0], [1.0, 1.0], [1.0, 1.0], [0.0, 1.0]])
    first, second = mean_estimates(values)
    assert (first.value, first.n_images) == (50, 4)
    assert (second.value, second.ci_low, second.ci_high) == (100, 100, 100)


@pytest.mark.parametrize(("n", "p"), [(100, 0.5), (400, 0.2), (1000, 0.9)])
def test_the_interval_of_a_share_is_the_binomial_one(n: int, p: float) -> None:
    hits = (np.arange(n) < p * n).astype(np.float64)
    (estimate,) = mean_estimates(hits[:, None])
    half = 100 * 1.96 * np.sqrt(p * (1 - p) / n)
    assert estimate.ci_low == pytest.approx(estimate.value - half, abs=0.15 * half)
    assert estimate.ci_high == pytest.approx(estimate.value + half, abs=0.15 * half)


def test_agrees_with_drawing_images_one_resample_after_the_other() -> None:
    values = np.random.default_rng(1).random(30)
    random = np.random.default_rng(2)
    means = [values[random.integers(0, 30, 30)].mean() for _ in range(4000)]
    low, high = np.percentile(means, [2.5, 97.5])
    (estimate,) = mean_estimates(values[:, None], resamples=4000)
    assert estimate.ci_low == pytest.approx(100 * low, abs=1)
    assert estimate.ci_high == pytest.approx(100 * high, abs=1)


def test_a_seed_gives_the_same_interval_and_another_one_not() -> None:
    values = np.random.default_rng(0).random((50, 1))
    assert mean_estimates(values, 3) == mean_estimates(values, 3)
    assert mean_estimates(values, 3) != mean_estimates(values, 4)


@pytest.mark.parametrize("draws", [1, 70, 10**6], ids=["a-row-a-chunk", "uneven-chunks", "one-chunk"])
def test_every_resample_has_as_many_images(draws: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "CHUNK_DRAWS", draws)
    weights = np.concatenate(list(resample_weights(7, seed=0, resamples=23)))
    assert weights.shape == (23, 7)
    assert (weights.sum(axis=1) == 7).all()


def test_interval_ends_are_percentiles() -> None:
    low, high = interval(np.arange(1001, dtype=np.float64)[:, None])
    assert (low[0], high[0]) == (25, 975)
