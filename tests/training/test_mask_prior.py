"""What is measured after training: against a twin that goes image by image and pixel by pixel."""

from __future__ import annotations

import pytest
import torch

from aln.models.classifier import Classifier
from aln.models.corruption import CorruptionNet, occlusion_logits
from aln.models.mask_prior import MaskPrior, activation_map, trust_of
from aln.training.mask_prior import measure_prior
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
    assert float(prior.trust) == pytest.approx(trust_of(hidden / 20, clean / 20, made_up.CLASSES))


def test_leaves_the_networks_alone() -> None:
    classifier, corruption = _nets()
    before = made_up.weights(classifier), made_up.weights(corruption)
    measure_prior(MaskPrior(tiny_config().model), classifier, corruption, made_up.batches())
    assert made_up.same(made_up.weights(classifier), before[0])
    assert made_up.same(made_up.weights(corruption), before[1])
