"""ADL, the attention-based dropout layer: pixels of a feature map with the most attention are hidden.

Choe & Shim, CVPR 2019. A layer's attention is the mean of its channels. In training each layer's output is
multiplied, by the toss of a coin, either with a drop mask (0 where the attention is at least `threshold` of
its maximum) or with an importance map (the attention's sigmoid). It has no weights, and does nothing when
localizing.
"""

from __future__ import annotations

from typing import Annotated

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor

from aln.training.batches import Batch
from aln.training.variants.base import VARIANTS, Moment, VariantOptions
from aln.training.variants.peer import Peer


class AdlOptions(VariantOptions):
    """`drop_rate`: how often the drop mask is chosen; `threshold` γ, relative to the attention's maximum."""

    drop_rate: Annotated[float, Field(ge=0, le=1)] = 0.75
    threshold: Annotated[float, Field(ge=0, le=1)] = 0.9


@VARIANTS.register("adl")
class AttentionDropout(Peer):
    """A classifier whose upper half of layers, as in the paper's VGG, drops what it attends to most."""

    cite = "Choe & Shim, CVPR 2019"
    Options = AdlOptions

    def loss(self, batch: Batch, moment: Moment) -> tuple[Tensor, dict[str, float]]:
        options, layers = self.options(AdlOptions), self.classifier.layers
        with self.runtime.autocast():
            features = batch.images
            for depth, layer in enumerate(layers):
                features = layer(features)
                if depth >= len(layers) // 2:
                    drops = bool(torch.rand((), generator=moment.noise) < options.drop_rate)
                    features = features * attended(features, options.threshold, drops=drops)
            logits = self.classifier.head(features.mean((2, 3)))
        return F.cross_entropy(logits.float(), batch.labels), {}


def attended(features: Tensor, threshold: float, *, drops: bool) -> Tensor:
    """What features (B, D, h, w) are multiplied with, (B, 1, h, w): the drop mask or the importance map."""
    attention = features.mean(1, keepdim=True)
    if not drops:
        return attention.sigmoid()
    return (attention < threshold * attention.amax((2, 3), keepdim=True)).to(features.dtype)
