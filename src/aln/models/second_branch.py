"""ACoL's second branch: it must tell the classes from what the first one does not look at.

Zhang et al., Adversarial Complementary Learning (CVPR 2018). Two classifiers share their lower layers. Where
the first one's class activation map is high, the shared features are erased before the second one sees them,
so that the second finds other parts of the object; the localization map is the larger of both maps.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aln.config import ModelConfig
from aln.models.classifier import Classifier

ERASED_FROM = 0.6
"""Features are erased where the first branch's normalised map is at least this (the paper's best)."""


class SecondBranch(nn.Module):
    """The classifier's last convolution and head once more, with weights of their own.

    Args:
        n_classes: Number of classes C.
        config: Shapes of the classifier.
        erased_from: See `ERASED_FROM`; it is saved with the weights.
    """

    erased_from: Tensor

    def __init__(self, n_classes: int, config: ModelConfig, erased_from: float = ERASED_FROM) -> None:
        super().__init__()
        twin = Classifier(n_classes, config)
        self.layer, self.head = twin.layers[-1], twin.head
        self.register_buffer("erased_from", torch.tensor(erased_from))


@dataclass(frozen=True)
class BothBranches:
    """Logits (B, C) and unnormalised maps of the given class (B, h, w) of the first and the second branch."""

    logits: tuple[Tensor, Tensor]
    maps: tuple[Tensor, Tensor]


def both_branches(
    classifier: Classifier, second: SecondBranch, images: Tensor, labels: Tensor
) -> BothBranches:
    """Both branches' answers to images (B, 3, S, S), what is erased chosen by the classes `labels` (B,)."""
    shared = classifier.layers[:-1](images)
    logits, maps = _branch(classifier.layers[-1](shared), classifier.head, labels)
    visible = (stretched(maps.detach()) < second.erased_from).to(shared.dtype).unsqueeze(1)
    if visible.shape[2:] != shared.shape[2:]:  # the last layer may end in a pooling
        visible = F.interpolate(visible, shared.shape[2:])
    others, other_maps = _branch(second.layer(shared * visible), second.head, labels)
    return BothBranches((logits, others), (maps, other_maps))


def stretched(maps: Tensor) -> Tensor:
    """Each map (B, h, w) stretched to 0..1; a flat one becomes 0."""
    low, high = maps.amin((1, 2), keepdim=True), maps.amax((1, 2), keepdim=True)
    return (maps - low) / (high - low).clamp(min=torch.finfo(maps.dtype).tiny)


def _branch(features: Tensor, head: nn.Linear, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Logits, and the class activation map of `labels`, of features (B, D, h, w)."""
    logits: Tensor = head(features.mean((2, 3)))
    return logits.float(), torch.einsum("bdhw,bd->bhw", features.float(), head.weight[labels].float())
