"""The attention-based dropout layer."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from aln.training.variants.adl import AttentionDropout, attended
from tests.training.variants.made_up import made, moment, noise


@pytest.mark.parametrize("threshold", [0.0, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("drops", [True, False])
def test_what_features_are_multiplied_with(threshold: float, *, drops: bool) -> None:
    features = torch.rand(3, 5, 4, 6, generator=noise())
    found = attended(features, threshold, drops=drops)
    assert found.shape == (3, 1, 4, 6)
    for image, mask in zip(features.tolist(), found.tolist(), strict=True):
        attention = [[sum(channel[y][x] for channel in image) / 5 for x in range(6)] for y in range(4)]
        most = max(map(max, attention))
        for y in range(4):
            for x in range(6):
                a = attention[y][x]
                expected = float(a < threshold * most) if drops else 1 / (1 + math.exp(-a))
                assert mask[0][y][x] == pytest.approx(expected, abs=1e-6)


def test_only_the_importance_map_has_a_gradient() -> None:
    features = torch.rand(1, 2, 3, 3, generator=noise()).requires_grad_()
    assert attended(features, 0.8, drops=False).requires_grad
    assert not attended(features, 0.8, drops=True).requires_grad


@pytest.mark.parametrize("drop_rate", [0.0, 1.0])
def test_the_upper_half_of_the_layers_is_multiplied(drop_rate: float) -> None:
    variant, batch = made(AttentionDropout, f"training.variant_options.drop_rate={drop_rate}")
    loss, _ = variant.loss(batch, moment())
    first, second, third, fourth = variant.classifier.layers
    x = second(first(batch.images))
    for layer in (third, fourth):
        x = layer(x)
        x = x * attended(x, 0.9, drops=drop_rate == 1)
    twin = F.cross_entropy(variant.classifier.head(x.mean((2, 3))), batch.labels)
    assert torch.allclose(loss, twin, rtol=1e-5)


def test_masks_are_chosen_as_often_as_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen: list[bool] = []

    def noting(features: torch.Tensor, threshold: float, *, drops: bool) -> torch.Tensor:
        chosen.append(drops)
        return attended(features, threshold, drops=drops)

    monkeypatch.setattr("aln.training.variants.adl.attended", noting)
    variant, batch = made(AttentionDropout)
    small = type(batch)(batch.images[:2], batch.labels[:2], batch.segments[:2])
    for seed in range(100):
        variant.loss(small, moment(seed=seed))
    assert sum(chosen) / len(chosen) == pytest.approx(0.75, abs=0.1)
