"""A box in the centre: photographers put the object there, so a method has to beat it."""

from __future__ import annotations

import torch
from torch import Tensor

from aln.errors import ConfigError
from aln.methods.base import register
from aln.models.networks import Networks


@register("center_box", cite="trivial baseline")
def center_box(nets: Networks, images: Tensor, labels: Tensor, *, side: float = 0.8) -> Tensor:
    """A centred box of `side` times the image's width and height.

    A pixel belongs to the box where its centre lies inside; the map is 1 there and 0 elsewhere.

    Raises:
        ConfigError: If `side` is not above 0 and at most 1.
    """
    del nets, labels
    if not 0 < side <= 1:
        raise ConfigError(f"center_box: side={side:g} must be above 0 and at most 1")
    rows, columns = (_inside(length, side, images.device) for length in images.shape[2:])
    return torch.outer(rows, columns).repeat(len(images), 1, 1)


def _inside(length: int, side: float, device: torch.device) -> Tensor:
    centres = (torch.arange(length, device=device) + 0.5) / length
    return ((centres - 0.5).abs() <= side / 2).float()
