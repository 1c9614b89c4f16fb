"""CASM's masker: from the features of a classifier's layers to the part of the image that matters.

Zolna et al., Classifier-agnostic saliency map extraction (CVIU 2020). The encoder is the classifier itself:
features of every layer, brought to one width by 1×1 convolutions and to one size by bilinear interpolation,
go into a single 3×3 convolution.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aln.config import ModelConfig

WIDTH = 64
"""Channels that each level is brought to."""


class Masker(nn.Module):
    """The decoder of a masker whose encoder is the classifier.

    Args:
        n_classes: Makes no difference; the masker is not told a class.
        config: `classifier_widths` gives the channels of each level.
    """

    def __init__(self, n_classes: int, config: ModelConfig) -> None:
        super().__init__()
        del n_classes
        self.levels = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(width, WIDTH, 1, bias=False), nn.BatchNorm2d(WIDTH), nn.ReLU(inplace=True)
            )
            for width in config.classifier_widths
        )
        self.head = nn.Conv2d(WIDTH * len(self.levels), 1, 3, padding=1)

    def forward(self, features: Sequence[Tensor], size: Sequence[int]) -> Tensor:
        """Logits (B, *size) of a soft mask from the classifier's `layer_features`; larger = more object."""
        first = features[0].shape[2:]
        levels = [
            F.interpolate(level(found), first, mode="bilinear", align_corners=False)
            for level, found in zip(self.levels, features, strict=True)
        ]
        logits: Tensor = F.interpolate(self.head(torch.cat(levels, 1)), list(size))
        return logits.squeeze(1)
