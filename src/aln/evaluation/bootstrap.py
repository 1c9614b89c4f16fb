"""Percentile bootstrap: how far a figure would move with another draw of test images (Efron 1979)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

RESAMPLES = 2000
CHUNK_DRAWS = 1_000_000


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % bootstrap interval, in percent, and the number of images behind it."""

    value: float
    ci_low: float
    ci_high: float
    n_images: int


def mean_estimates(values: FloatArray, seed: int = 0, resamples: int = RESAMPLES) -> list[Estimate]:
    """Means of per-image values and their intervals.

    Args:
        values: float (n, K): K figures of each of n >= 1 images, 0..1.
        seed: The same seed draws the same images, so that methods are compared on the same resamples.
        resamples: Number of resamples.

    Returns:
        K estimates, in percent.
    """
    rounds = [weights @ values / len(values) for weights in resample_weights(len(values), seed, resamples)]
    low, high = interval(np.concatenate(rounds))
    return [
        Estimate(100 * mean, 100 * a, 100 * b, len(values))
        for mean, a, b in zip(values.mean(axis=0), low, high, strict=True)
    ]


def interval(resampled: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Ends of the 95 % percentile interval over the first axis: (resamples, K) -> (K,), (K,)."""
    low, high = np.percentile(resampled, [2.5, 97.5], axis=0)
    return low, high


def resample_weights(n: int, seed: int, resamples: int = RESAMPLES) -> Iterator[FloatArray]:
    """How often each of n images is in each resample: float (r, n) in chunks of bounded memory."""
    random = np.random.default_rng(seed)
    rows = max(1, CHUNK_DRAWS // n)
    for start in range(0, resamples, rows):
        count = min(rows, resamples - start)
        draws = random.integers(0, n, (count, n)) + n * np.arange(count)[:, None]
        yield np.bincount(draws.ravel(), minlength=count * n).reshape(count, n).astype(np.float64)
