"""CutMix: a box of one image is replaced by the same box of another, and the labels are mixed by area.

Yun et al., ICCV 2019, with its settings for ImageNet: the kept share λ is drawn from Beta(1, 1), every batch
is mixed, each image with the image at its place in a random order.
"""

from __future__ import annotations

import math
from typing import Annotated

import numpy as np
import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor

from aln.training.batches import Batch
from aln.training.variants.base import VARIANTS, Moment, VariantOptions
from aln.training.variants.peer import Peer


class CutMixOptions(VariantOptions):
    """`beta`: of the Beta distribution of λ; `probability` of a batch to be mixed."""

    beta: Annotated[float, Field(gt=0)] = 1.0
    probability: Annotated[float, Field(ge=0, le=1)] = 1.0


@VARIANTS.register("cutmix")
class CutMix(Peer):
    """A classifier that must name both parts of a collage, each by its share."""

    cite = "Yun et al., ICCV 2019"
    Options = CutMixOptions

    def loss(self, batch: Batch, moment: Moment) -> tuple[Tensor, dict[str, float]]:
        options = self.options(CutMixOptions)
        if torch.rand((), generator=moment.noise) >= options.probability:
            return F.cross_entropy(self.classify(batch.images), batch.labels), {}
        images, order, kept = mixed(batch.images, options.beta, moment.noise)
        logits = self.classify(images)
        own, others = F.cross_entropy(logits, batch.labels), F.cross_entropy(logits, batch.labels[order])
        return kept * own + (1 - kept) * others, {}


def mixed(images: Tensor, beta: float, noise: torch.Generator) -> tuple[Tensor, Tensor, float]:
    """Images (B, 3, H, W), each with the batch's box of another one.

    Returns:
        The collages, the index (B,) of the image that each one's box is from, and the share of pixels, 0..1,
        that are an image's own.
    """
    order = torch.randperm(len(images), generator=noise).to(images.device)
    rng = np.random.default_rng(int(torch.randint(2**62, (), generator=noise)))
    height, width = images.shape[2:]
    rows, columns = cut_box(rng.beta(beta, beta), height, width, rng)
    collages = images.clone()
    collages[:, :, rows, columns] = images[order][:, :, rows, columns]
    cut = (rows.stop - rows.start) * (columns.stop - columns.start)
    return collages, order, 1 - cut / (height * width)


def cut_box(kept: float, height: int, width: int, rng: np.random.Generator) -> tuple[slice, slice]:
    """Rows and columns of a box of 1 - `kept` of the image around a random pixel, cut off at the border."""
    return _cut(kept, height, rng), _cut(kept, width, rng)


def _cut(kept: float, length: int, rng: np.random.Generator) -> slice:
    half = int(length * math.sqrt(1 - kept)) // 2
    centre = int(rng.integers(length))
    return slice(max(centre - half, 0), min(centre + half, length))
