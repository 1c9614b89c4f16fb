from __future__ import annotations

import torch

from aln.methods.cam import cam
from tests.methods.test_contract import batch
from tests.small_model import small_networks


def test_agrees_with_the_sum_of_the_paper() -> None:
    nets = small_networks()
    images, labels = batch(count=2)
    features = nets.classifier.features(images)
    expected = torch.zeros(2, *features.shape[2:])
    for b in range(2):
        for k in range(features.shape[1]):
            expected[b] += nets.classifier.head.weight[labels[b], k] * features[b, k]
    assert torch.allclose(cam(nets, images, labels), expected, atol=1e-6)


def test_its_mean_is_the_logit_less_the_bias() -> None:
    nets = small_networks()
    images, labels = batch()
    logits = nets.classifier(images).gather(1, labels[:, None]).squeeze(1)
    means = cam(nets, images, labels).mean((1, 2))
    assert torch.allclose(means + nets.classifier.head.bias[labels], logits, atol=1e-5)
