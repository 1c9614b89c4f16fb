"""What is known of a mask before the image is seen: the mean mask of the training photographs.

Where the masks hold all that the classifier goes by, hiding them leaves it guessing, and they can be trusted.
Where much of it lies elsewhere (a photograph's surroundings tell its class too), they are one clue among
others, and an estimate is better for being drawn towards the mean (Kelley 1927; James & Stein 1961).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from aln.config import ModelConfig

LEAST_TRUST = 0.1
"""Even masks that confuse nobody say more of one image than the mean of all."""


class MaskPrior(nn.Module):
    """Draws occlusion probabilities towards their mean over the training photographs.

    Attributes:
        mean: Mean occlusion probability of each pixel, float32 (S, S) in [0, 1].
        trust: Share of an image's own probabilities in the result, `LEAST_TRUST`..1.
    """

    mean: Tensor
    trust: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(config.input_size, config.input_size))
        self.register_buffer("trust", torch.ones(()))

    def forward(self, probabilities: Tensor) -> Tensor:
        """`trust · probabilities + (1 - trust) · mean`, of probabilities (B, S, S)."""
        drawn: Tensor = self.mean + self.trust * (probabilities - self.mean)
        return drawn


def trust_of(hidden: float, clean: float, n_classes: int) -> float:
    """Share of the classifier's knowledge that is gone when the masks are hidden, `LEAST_TRUST`..1.

    Args:
        hidden: Its accuracy on images without what the masks hide, 0..1.
        clean: Its accuracy on whole images, 0..1.
        n_classes: C; chance is 1 / C.
    """
    chance = 1 / n_classes
    if clean <= chance:
        return LEAST_TRUST
    return min(max((clean - hidden) / (clean - chance), LEAST_TRUST), 1.0)
