"""The ceiling: a box that was learnt from boxes. Not weakly supervised."""

from __future__ import annotations

import torch
from torch import Tensor

from aln.methods.base import extra_network, register
from aln.models.box_head import BoxHead
from aln.models.networks import Networks


@register("supervised", cite="ceiling, trained on boxes", extra="box_head")
@torch.inference_mode()
def supervised(nets: Networks, images: Tensor, labels: Tensor) -> Tensor:
    """Not weakly supervised: the box of a regressor trained on true boxes, the same for every class.

    Each pixel's score is the share of it that lies in the box.

    Raises:
        ModelError: If the networks have no box head.
    """
    del labels
    head = extra_network(nets, "supervised", BoxHead)
    x0, y0, x1, y1 = head(nets.classifier.features(images)).unbind(1)
    height, width = images.shape[2:]
    return torch.einsum("bh,bw->bhw", _covered(y0, y1, height), _covered(x0, x1, width))


def _covered(low: Tensor, high: Tensor, length: int) -> Tensor:
    """Share (B, length) of each of `length` pixels that lies between `low` and `high` (B,), 0..1."""
    start = torch.arange(length, device=low.device)
    inside = torch.minimum(high[:, None] * length, start + 1) - torch.maximum(low[:, None] * length, start)
    return inside.clamp(0, 1)
