"""The supervised ceiling's head."""

from __future__ import annotations

import torch

from aln.models.box_head import BoxHead
from tests.small_model import small_config


def test_corners_are_ordered_and_inside_the_image() -> None:
    head = BoxHead(3, small_config().model)
    boxes = head(40 * torch.randn(200, 8, 16, 16, generator=torch.Generator().manual_seed(0)))
    assert boxes.shape == (200, 4)
    assert bool((boxes[:, :2] <= boxes[:, 2:]).all())
    assert boxes.min() >= 0
    assert boxes.max() <= 1


def test_centre_and_size_become_corners() -> None:
    head = BoxHead(3, small_config().model)
    with torch.no_grad():
        head.linear.weight.zero_()
        head.linear.bias.copy_(torch.tensor([0.5, 0.25, 0.5, 0.1]).logit() * 16 * 8**0.5)
        box = head(torch.zeros(1, 8, 16, 16))[0]
    assert torch.allclose(box, torch.tensor([0.25, 0.2, 0.75, 0.3]), atol=1e-6)
