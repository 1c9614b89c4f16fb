"""ACoL: two branches, of which the second sees only what the first does not look at.

Zhang et al., Adversarial Complementary Learning (CVPR 2018); see `aln.models.second_branch`.
"""

from __future__ import annotations

from typing import Annotated

import torch.nn.functional as F
from pydantic import Field
from torch import Tensor

from aln.models.second_branch import ERASED_FROM, SecondBranch, both_branches
from aln.training.batches import Batch
from aln.training.variants.base import VARIANTS, Moment, Setup, VariantOptions
from aln.training.variants.peer import Peer


class AcolOptions(VariantOptions):
    """`threshold` δ: features are erased where the first branch's map, 0..1, is at least this."""

    threshold: Annotated[float, Field(ge=0, le=1)] = ERASED_FROM


@VARIANTS.register("acol")
class ComplementaryLearning(Peer):
    """The sum of both branches' cross-entropies; the map that is erased by is that of the true class."""

    cite = "Zhang et al., CVPR 2018"
    method = "acol"
    Options = AcolOptions

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        classes = len(self.batches.cache.class_names)
        second = SecondBranch(classes, self.config.model, self.options(AcolOptions).threshold)
        self.second = self.add("second_branch", second)

    def loss(self, batch: Batch, moment: Moment) -> tuple[Tensor, dict[str, float]]:
        del moment
        with self.runtime.autocast():
            first, second = both_branches(self.classifier, self.second, batch.images, batch.labels).logits
        return F.cross_entropy(first, batch.labels) + F.cross_entropy(second, batch.labels), {}
