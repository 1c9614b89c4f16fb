"""What is measured after training: against a twin that goes image by image and pixel by pixel."""

from __future__ import annotations

import pytest
import torch

from aln.config import ModelConfig
from aln.models.classifier import Classifier
from aln.models.corruption import CorruptionNet, occlusion_logits
from aln.training.mask_prior import LEAST_TRUST, MaskPrior, activation_map, measure_prior, trust_of
from tests.conftest import tiny_config
from tests.training import made_up


def _nets() -> tuple[Classifier, CorruptionNet]:
    classifier, corruption = made_up.classifier().eval(), made_up.corruption_net().eval()
    torch.nn.init.normal_(corruption.head.weight)
    return classifier, corruption


@pytest.mark.parametrize("flip", [True, False], ids=["flips", "no flips"])
def test_equals_the_naive_twin(flip: bool) -> None:
    classifier, corruption = _nets()
    batches = made_up.batches(20, flip=flip)
    prior = measure_prior(MaskPrior(tiny_config().model), classifier, corruption, batches)

    total, activation, clean, hidden = torch.zeros(made_up.SIDE, made_up.SIDE), 0.0, 0, 0
    for index in range(20):
        one = batches.plain(batches.indices[index : index + 1])
        with torch.no_grad():
            own = occlusion_logits(corruption, classifier, one.images)[0].sigmoid()
            segments, shown = one.segments[0], one.images.clone()
            for label in range(made_up.SEGMENTS):
                own[segments == label] = own[segments == label].mean()
            shown[0][:, own > 0.5] = 0
            total += own
            activation += float(activation_map(classifier.features(one.images), made_up.SIDE).sum())
            clean += int(classifier(one.images).argmax() == one.labels[0])
            hidden += int(classifier(shown).argmax() == one.labels[0])
    mean = total / 20
    assert torch.allclose(prior.mean, (mean + mean.flip(1)) / 2 if flip else mean, atol=1e-5)
    assert float(prior.scale) == pytest.approx(float(total.sum()) / activation, rel=1e-4)
    assert float(prior.trust) == pytest.approx(trust_of(hidden / 20, clean / 20, batches.chance))


def test_leaves_the_networks_alone() -> None:
    classifier, corruption = _nets()
    before = made_up.weights(classifier), made_up.weights(corruption)
    measure_prior(MaskPrior(tiny_config().model), classifier, corruption, made_up.batches())
    assert made_up.same(made_up.weights(classifier), before[0])
    assert made_up.same(made_up.weights(corruption), before[1])


@pytest.mark.parametrize(
    ("hidden", "clean", "chance", "expected"),
    [
        pytest.param(0.25, 0.85, 0.25, 1.0, id="hiding leaves chance"),
        pytest.param(0.55, 0.85, 0.25, 0.5, id="half of it is gone"),
        pytest.param(0.85, 0.85, 0.25, LEAST_TRUST, id="hiding does nothing"),
        pytest.param(0.90, 0.85, 0.25, LEAST_TRUST, id="hiding helps"),
        pytest.param(0.10, 0.85, 0.25, 1.0, id="worse than chance"),
        pytest.param(0.25, 0.25, 0.25, LEAST_TRUST, id="a classifier that knows nothing"),
        pytest.param(0.90, 0.97, 0.9, 1.0, id="only the largest class is guessed"),
    ],
)
def test_trust(hidden: float, clean: float, chance: float, expected: float) -> None:
    assert trust_of(hidden, clean, chance) == pytest.approx(expected)


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
