"""The supervised ceiling's head: one box an image, from the classifier's last features."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aln.config import ModelConfig


class BoxHead(nn.Module):
    """A linear layer over the whole feature map: unlike a pooled one it knows where things are.

    Args:
        n_classes: Makes no difference: the box is the same for every class.
        config: Shapes of the classifier.
    """

    def __init__(self, n_classes: int, config: ModelConfig) -> None:
        super().__init__()
        del n_classes
        self.side = config.input_size // 2 ** sum(config.classifier_pools)
        self.linear = nn.Linear(config.classifier_widths[-1] * self.side**2, 4)

    def forward(self, features: Tensor) -> Tensor:
        """Corners x0, y0, x1, y1 (B, 4), 0..1 of width and height, of features (B, D, h, w).

        The layer gives the centre and the size, each through a sigmoid. Its many inputs move together, so its
        output is divided by the root of their number; otherwise one step of Adam would saturate the sigmoids.
        """
        pooled = F.adaptive_avg_pool2d(features, self.side)  # changes nothing at the trained size
        logits = self.linear(pooled.flatten(1)).float() / math.sqrt(self.linear.in_features)
        centre, size = logits.sigmoid().chunk(2, dim=1)
        return torch.cat([centre - size / 2, centre + size / 2], 1).clamp(0, 1)
