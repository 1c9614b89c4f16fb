"""Hide-and-Seek: patches of a grid are hidden at random, so that the classifier learns from all parts.

Singh & Lee, ICCV 2017. Each image gets one of five grids, of which one hides nothing; each patch of the
others is hidden with the probability `hide`, under the mean colour of the training images. Nothing is hidden
when localizing.
"""

from __future__ import annotations

from typing import Annotated

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor

from aln.models.masking import occlude
from aln.training.batches import Batch
from aln.training.variants.base import VARIANTS, Moment, VariantOptions
from aln.training.variants.peer import Peer

GRIDS = (0.0, 16 / 224, 32 / 224, 44 / 224, 56 / 224)
"""Side of a patch relative to the image's; 0 hides nothing."""


class HasOptions(VariantOptions):
    """`hide`: probability of each patch to be hidden."""

    hide: Annotated[float, Field(ge=0, le=1)] = 0.5


@VARIANTS.register("has")
class HideAndSeek(Peer):
    """A classifier that never knows which patches it will see."""

    cite = "Singh & Lee, ICCV 2017"
    Options = HasOptions

    def loss(self, batch: Batch, moment: Moment) -> tuple[Tensor, dict[str, float]]:
        hide = self.options(HasOptions).hide
        masks = hidden_patches(len(batch.labels), batch.images.shape[-1], hide, moment.noise)
        logits = self.classify(occlude(batch.images, masks.to(batch.images.device)))
        return F.cross_entropy(logits, batch.labels), {}


def hidden_patches(count: int, side: int, hide: float, noise: torch.Generator) -> Tensor:
    """Masks float32 (count, side, side), 1 where an image is hidden, each on a grid of its own."""
    grids = torch.stack([_grid(count, side, round(part * side), hide, noise) for part in GRIDS])
    chosen = torch.randint(len(GRIDS), (count,), generator=noise)
    return grids[chosen, torch.arange(count)]


def _grid(count: int, side: int, patch: int, hide: float, noise: torch.Generator) -> Tensor:
    """Masks (count, side, side) of square patches; those at the right and lower border may be cut off."""
    if not patch:
        return torch.zeros(count, side, side)
    cells = -(-side // patch)
    hidden = (torch.rand(count, cells, cells, generator=noise) < hide).float()
    return hidden.repeat_interleave(patch, 1).repeat_interleave(patch, 2)[:, :side, :side]
