from __future__ import annotations

import captum.attr
import pytest
import torch

from aln.errors import ConfigError
from aln.methods.backprop import backprop
from aln.methods.integrated_gradients import attributions, integrated_gradients
from tests.methods.test_contract import batch
from tests.small_model import small_networks


def test_backprop_agrees_with_captum() -> None:
    nets = small_networks()
    images, labels = batch()
    expected = captum.attr.Saliency(nets.classifier).attribute(images.clone().requires_grad_(), target=labels)
    assert torch.allclose(backprop(nets, images, labels), expected.amax(1), atol=1e-6)


def test_backprop_is_what_the_logit_gains_by_a_small_change() -> None:
    nets = small_networks()
    net = nets.classifier.double()
    images, labels = (part[:1] for part in batch(8, 8))
    images = images.double()
    found = backprop(nets, images, labels)
    for y, x in [(0, 0), (3, 4), (7, 7)]:
        gains = []
        for channel in range(3):
            moved = images.clone()
            moved[0, channel, y, x] += 1e-6
            gains.append(abs(float((net(moved) - net(images))[0, labels[0]].detach())) / 1e-6)
        assert float(found[0, y, x]) == pytest.approx(max(gains), rel=1e-3, abs=1e-9)


def test_integrated_gradients_agree_with_captum() -> None:
    nets = small_networks()
    images, labels = batch()
    reference = captum.attr.IntegratedGradients(nets.classifier)
    expected = reference.attribute(
        images.clone().requires_grad_(), target=labels, n_steps=9, method="riemann_middle"
    )
    assert torch.allclose(attributions(nets, images, labels, 9), expected.float(), atol=1e-5)
    found = integrated_gradients(nets, images, labels, steps=9)
    assert torch.allclose(found, expected.float().sum(1).clamp(min=0), atol=1e-5)


def test_attributions_sum_to_what_the_image_adds_to_the_logit() -> None:
    nets = small_networks()
    images, labels = batch()
    total = attributions(nets, images, labels, 300).sum((1, 2, 3))
    gained = (nets.classifier(images) - nets.classifier(torch.zeros_like(images))).gather(1, labels[:, None])
    assert torch.allclose(total, gained[:, 0], atol=0.01)


@pytest.mark.parametrize("steps", [0, -1, 2.5, float("nan")])
def test_steps_out_of_range_are_refused(steps: float) -> None:
    with pytest.raises(ConfigError, match="steps"):
        integrated_gradients(small_networks(), *batch(count=1), steps=steps)
