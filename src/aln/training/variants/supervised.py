"""The ceiling: a box regressor of the same size that learns from true boxes. Not weakly supervised.

It tells how much of an object's place a network of this size can learn at all when it is told, so that the
figures of methods that are not told can be read against it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import numpy as np
import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor

from aln.models.box_head import BoxHead
from aln.training.batches import Batch
from aln.training.boxed import SPLIT, open_boxed
from aln.training.variants.base import VARIANTS, Moment, Setup, VariantOptions
from aln.training.variants.peer import Peer

BOX_WEIGHT = 5.0
"""Weight of the box's loss beside the classification's."""


class SupervisedOptions(VariantOptions):
    """`per_class`: boxes of each class to learn from; 0: all of `train-fullsup`."""

    per_class: Annotated[int, Field(ge=0)] = 0


@VARIANTS.register("supervised")
class BoxRegressor(Peer):
    """The classifier as in its peers, and from the same features one box for each image of `train-fullsup`.

    Raises:
        DataError: If the photographs have no boxes there, or too few.
    """

    cite = "ceiling, trained on boxes"
    method = "supervised"
    weakly_supervised = False
    Options = SupervisedOptions

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self.head = self.add("box_head", BoxHead(len(self.batches.cache.class_names), self.config.model))
        batches = replace(self.batches, cache=setup.open_split(SPLIT), limit=0)
        self.boxed = open_boxed(self.config.data, batches, self.options(SupervisedOptions).per_class)

    def loss(self, batch: Batch, moment: Moment) -> tuple[Tensor, dict[str, float]]:
        rng = np.random.default_rng(int(torch.randint(2**62, (), generator=moment.noise)))
        images, boxes = self.boxed.draw(len(batch.labels), rng)
        with self.runtime.autocast():
            # one pass over both halves, so that batch statistics are those of both
            features = self.classifier.features(torch.cat([batch.images, images]))
            labelled, boxed = features[: len(batch.images)], features[len(batch.images) :]
            logits = self.classifier.head(labelled.mean((2, 3)))
            predicted = self.head(boxed)
        overlaps = box_ious(predicted, boxes)
        loss = F.cross_entropy(logits.float(), batch.labels) + BOX_WEIGHT * (1 - overlaps).mean()
        return loss, {"box_iou": float(overlaps.detach().mean())}


def box_ious(boxes: Tensor, others: Tensor) -> Tensor:
    """IoU (B,) of each box (B, 4) with the other at its place, with a gradient where they overlap."""
    low, high = torch.maximum(boxes[:, :2], others[:, :2]), torch.minimum(boxes[:, 2:], others[:, 2:])
    shared = (high - low).clamp(min=0).prod(1)
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(1) + (others[:, 2:] - others[:, :2]).prod(1)
    return shared / (areas - shared).clamp(min=1e-6)
