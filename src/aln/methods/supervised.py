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

    The score is 1 where a pixel's centre lies in the box and 0 elsewhere, so that no threshold moves it.

    Raises:
        ModelError: If the networks have no box head.
    """
    del labels
    head = extra_network(nets, "supervised", BoxHead)
    x0, y0, x1, y1 = head(nets.classifier.features(images)).unbind(1)
    height, width = images.shape[2:]
    rows, columns = _inside(y0, y1, height), _inside(x0, x1, width)
    return (rows[:, :, None] & columns[:, None, :]).float()


def _inside(low: Tensor, high: Tensor, length: int) -> Tensor:
    """Which of `length` pixels have their centre between `low` and `high` (B,), 0..1; bool (B, length)."""
    centres = (torch.arange(length, device=low.device) + 0.5) / length
    return (low[:, None] <= centres) & (centres < high[:, None])
