from __future__ import annotations

import numpy as np
import pytest
import torch

from aln.boxes import normalise
from aln.errors import ModelError
from aln.methods.aln import LIKELIEST, aln, answers
from aln.methods.aln_class_agnostic import aln_class_agnostic
from aln.methods.grad_cam_pp import grad_cam_pp
from aln.models.corruption import occlusion_logits
from aln.models.evidence import at_most_one
from tests.methods.test_contract import batch
from tests.small_model import CLASS_NAMES, small_networks


@pytest.mark.parametrize("trust", [0.1, 0.5, 1.0])
def test_evidence_for_the_class_has_the_say_that_trust_leaves(trust: float) -> None:
    nets = small_networks()
    images, labels = batch(count=3)
    assert nets.corruption is not None
    hidden = aln(nets, images, labels)
    evidence = at_most_one(grad_cam_pp(nets, images, labels), images.shape[-1])
    nets.corruption.trust.fill_(trust)
    expected = [
        [
            [float(p) ** trust * max(float(e), 1e-6) ** (1 - trust) for p, e in zip(*row, strict=True)]
            for row in zip(*maps, strict=True)
        ]
        for maps in zip(hidden, evidence, strict=True)
    ]
    assert torch.allclose(aln(nets, images, labels), torch.tensor(expected), atol=1e-5)


@pytest.mark.parametrize("trust", [0.5, 1.0])
def test_the_class_matters_where_masks_are_not_trusted_alone(trust: float) -> None:
    nets = small_networks()
    images, labels = batch(count=2)
    assert nets.corruption is not None
    nets.corruption.trust.fill_(trust)
    others = (labels + 1) % len(CLASS_NAMES)
    assert torch.equal(aln(nets, images, labels), aln(nets, images, others)) == (trust == 1)


def test_masks_alone_know_neither_class_nor_trust() -> None:
    nets = small_networks()
    images, labels = batch(count=2)
    assert nets.corruption is not None
    trusted = aln(nets, images, labels)
    nets.corruption.trust.fill_(0.3)
    assert not torch.allclose(aln(nets, images, labels), trusted)
    for classes in (labels, (labels + 1) % len(CLASS_NAMES)):
        assert torch.allclose(aln_class_agnostic(nets, images, classes), trusted)


def test_without_a_class_the_likeliest_is_localized() -> None:
    nets = small_networks()
    images, _ = batch(count=3)
    assert nets.corruption is not None
    nets.corruption.trust.fill_(0.5)
    segments = nets.segments(images)
    probabilities, scores = answers(nets, images, segments, 64, torch.full((3,), LIKELIEST))
    assert torch.equal(probabilities, nets.classifier(images).softmax(1))
    assert torch.equal(scores, aln(nets, images, probabilities.argmax(1)))


def test_no_evidence_for_the_class_leaves_the_say_to_the_mask() -> None:
    nets = small_networks()
    images, labels = batch(count=1)
    assert nets.corruption is not None
    hidden = aln(nets, images, labels)[0].numpy()
    torch.nn.init.constant_(nets.classifier.head.weight, -1.0)
    nets.corruption.trust.fill_(0.5)
    found = normalise(aln(nets, images, labels)[0].numpy())
    assert np.allclose(found, normalise(hidden**0.5), atol=1e-4)


def test_is_the_mean_occlusion_probability_of_each_superpixel() -> None:
    nets = small_networks()
    images, labels = batch(count=2)
    assert nets.corruption is not None
    probabilities = occlusion_logits(nets.corruption, nets.classifier, images).sigmoid()
    segments = nets.segments(images)
    scores = aln(nets, images, labels)
    for image in range(2):
        for label in range(int(segments[image].max()) + 1):
            piece = segments[image] == label
            expected = probabilities[image][piece].mean().expand(int(piece.sum()))
            assert torch.allclose(scores[image][piece], expected, atol=1e-5)


def test_needs_a_corruption_net() -> None:
    with pytest.raises(ModelError, match="classifier alone"):
        aln(small_networks(corruption=False), *batch())
