from __future__ import annotations

import pytest
import torch

from aln.config import ModelConfig
from aln.models.mask_prior import LEAST_TRUST, MaskPrior, activation_map, trust_of


@pytest.mark.parametrize(
    ("hidden", "clean", "n_classes", "expected"),
    [
        pytest.param(0.25, 0.85, 4, 1.0, id="hiding leaves chance"),
        pytest.param(0.55, 0.85, 4, 0.5, id="half of it is gone"),
        pytest.param(0.85, 0.85, 4, LEAST_TRUST, id="hiding does nothing"),
        pytest.param(0.90, 0.85, 4, LEAST_TRUST, id="hiding helps"),
        pytest.param(0.10, 0.85, 4, 1.0, id="worse than chance"),
        pytest.param(0.25, 0.25, 4, LEAST_TRUST, id="a classifier that knows nothing"),
    ],
)
def test_trust(hidden: float, clean: float, n_classes: int, expected: float) -> None:
    assert trust_of(hidden, clean, n_classes) == pytest.approx(expected)


@pytest.mark.parametrize(("trust", "expected"), [(1.0, 0.9), (0.5, 0.65), (0.1, 0.45)])
def test_maps_are_drawn_to_what_is_known(trust: float, expected: float) -> None:
    prior = MaskPrior(ModelConfig(input_size=32))
    prior.mean.fill_(0.3)
    prior.scale.fill_(0.5)
    prior.trust.fill_(trust)
    own, activation = torch.full((2, 32, 32), 0.9), torch.ones(2, 32, 32)
    assert prior(own, activation).flatten().tolist() == pytest.approx([expected] * 2 * 32 * 32)


def test_an_unmeasured_prior_changes_nothing() -> None:
    maps = torch.rand(2, 32, 32)
    assert torch.equal(MaskPrior(ModelConfig(input_size=32))(maps, torch.rand(2, 32, 32)), maps)


def test_the_activation_is_the_mean_over_channels_relative_to_its_peak() -> None:
    features = torch.zeros(2, 3, 4, 4)
    features[0, :, 1, 2] = torch.tensor([1.0, 2.0, 6.0])
    features[0, 0, 3, 3] = 3.0
    found = activation_map(features, 4)
    assert float(found[0, 1, 2]) == pytest.approx(1.0)
    assert float(found[0, 3, 3]) == pytest.approx(1 / 3)
    assert float(found[0].sum()) == pytest.approx(4 / 3)
    assert torch.equal(found[1], torch.zeros(4, 4))  # no activation at all
    assert activation_map(features, 16).shape == (2, 16, 16)
