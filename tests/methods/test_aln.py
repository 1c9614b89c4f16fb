from __future__ import annotations

import pytest
import torch

from aln.errors import ModelError
from aln.methods.aln import aln
from aln.models.corruption import occlusion_logits
from tests.methods.test_contract import batch
from tests.small_model import small_networks


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
