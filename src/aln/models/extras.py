"""Networks that a training variant may add beside the classifier, by the name they are saved under."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from aln.config import ModelConfig
from aln.models.box_head import BoxHead
from aln.models.masker import Masker
from aln.models.second_branch import SecondBranch

EXTRAS: dict[str, Callable[[int, ModelConfig], nn.Module]] = {
    "second_branch": SecondBranch,
    "masker": Masker,
    "box_head": BoxHead,
}
"""Each made from the number of classes and the shapes of the networks."""
