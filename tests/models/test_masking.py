"""Superpixel mean, sampling and fill, against naive twins; and the poster's printed sample, shown wrong."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from aln.models.masking import (
    area,
    logistic_noise,
    occlude,
    sample,
    segment_mean,
    segment_probabilities,
    segment_sizes,
    spread,
    straight_through,
)

DRAWS = 200_000
TOLERANCE = 4 * math.sqrt(0.25 / DRAWS)  # four standard deviations of a frequency


def _random_segments(rng: np.random.Generator, batch: int, side: int, count: int) -> torch.Tensor:
    return torch.from_numpy(rng.integers(0, count, (batch, side, side)))


@given(st.integers(0, 1000), st.integers(1, 9), st.integers(1, 12))
def test_segment_mean_is_the_mean_over_each_label(seed: int, side: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    segments = _random_segments(rng, 2, side, count)
    values = torch.from_numpy(rng.normal(size=(2, side, side)).astype(np.float32))
    means = segment_mean(values, segments, count)
    for image in range(2):
        for label in range(count):
            inside = values[image][segments[image] == label]
            expected = inside.mean() if len(inside) else torch.tensor(0.0)
            torch.testing.assert_close(means[image, label], expected)


def test_spread_is_the_inverse_of_the_segment_mean() -> None:
    segments = _random_segments(np.random.default_rng(0), 3, 8, 5)
    per_segment = torch.rand(3, 5)
    torch.testing.assert_close(segment_mean(spread(per_segment, segments), segments, 5), per_segment)


def test_area_is_the_mean_of_the_mask() -> None:
    segments = _random_segments(np.random.default_rng(1), 3, 8, 5)
    masks = torch.randint(0, 2, (3, 5)).float()
    torch.testing.assert_close(area(masks, segments), spread(masks, segments).mean((1, 2)))
    assert segment_sizes(segments, 5).sum(1).tolist() == [64, 64, 64]


@pytest.mark.parametrize("p", [0.001, 0.05, 0.27, 0.5, 0.9, 0.999])
def test_the_sampler_draws_with_probability_p(p: float) -> None:
    noise = logistic_noise((DRAWS,), torch.Generator().manual_seed(1))
    frequency = sample(torch.full((DRAWS,), p), noise).mean().item()
    assert frequency == pytest.approx(p, abs=TOLERANCE)


@pytest.mark.parametrize("u", [0.01, 0.3, 0.7, 0.99])
def test_the_printed_noise_is_undefined(u: float) -> None:
    inner = torch.log(torch.tensor(-u))  # z = -ln(-ln(-u))
    assert torch.isnan(inner)


@pytest.mark.parametrize("p", [0.001, 0.2, 0.5, 0.8, 0.999])
def test_the_printed_comparison_draws_another_distribution(p: float) -> None:
    generator = torch.Generator().manual_seed(2)
    gumbel = -(-torch.rand(2, DRAWS, generator=generator).log()).log()
    printed = (p + gumbel[0] > 1 - p + gumbel[1]).float().mean().item()
    right = (math.log(p) + gumbel[0] > math.log(1 - p) + gumbel[1]).float().mean().item()
    assert printed == pytest.approx(1 / (1 + math.exp(-(2 * p - 1))), abs=TOLERANCE)
    assert 0.26 < printed < 0.74
    assert right == pytest.approx(p, abs=TOLERANCE)


def test_straight_through_is_hard_forward_and_identity_backward() -> None:
    probabilities = torch.rand(4, 6, requires_grad=True)
    noise = logistic_noise((4, 6), torch.Generator().manual_seed(3))
    masks = straight_through(probabilities, noise)
    torch.testing.assert_close(masks, sample(probabilities, noise))
    weights = torch.rand(4, 6)
    (masks * weights).sum().backward()  # type: ignore[no-untyped-call]
    torch.testing.assert_close(probabilities.grad, weights)


def test_probabilities_stay_inside_zero_and_one() -> None:
    segments = _random_segments(np.random.default_rng(2), 1, 4, 3)
    for logit in (-1e4, 1e4):
        probabilities = segment_probabilities(torch.full((1, 4, 4), logit), segments, 3)
        assert torch.isfinite(probabilities.logit()).all()


def test_occluded_pixels_become_the_mean_colour() -> None:
    images = torch.randn(2, 3, 4, 4)
    masks = torch.zeros(2, 4, 4)
    masks[0, 1, 2] = 1
    masked = occlude(images, masks)
    assert (masked[0, :, 1, 2] == 0).all()
    masked[0, :, 1, 2] = images[0, :, 1, 2]
    assert torch.equal(masked, images)
