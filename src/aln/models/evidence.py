"""Where an image's features respond, at all and for a class.

The corruption net is not told a class. Where photographs show several things its masks hold whatever the
classifier goes by; the class tells which of it is meant.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from aln.models.classifier import Classifier


def class_evidence(classifier: Classifier, features: Tensor, labels: Tensor) -> Tensor:
    """Evidence for a class at every place of the last features: Grad-CAM++ (Chattopadhay et al., WACV 2018).

    Behind global average pooling the logit's gradient is the same at all places of a channel k, its weight
    over the number of places; Grad-CAM++'s weights (eq. 5 and 19) are then `w_k⁺ / (2 + mean(A_k) · w_k⁺)`.

    Args:
        classifier: Whose head weighs the features.
        features: Its last features A, (B, D, h, w).
        labels: int64 (B,).

    Returns:
        float32 (B, h, w), not negative.
    """
    features = features.float()
    positive = classifier.head.weight[labels].relu()
    weights = positive / (2 + features.mean((2, 3)) * positive)
    return torch.einsum("bdhw,bd->bhw", features, weights)


def at_most_one(maps: Tensor, size: int) -> Tensor:
    """Maps (B, h, w) that are not negative as (B, size, size), each with its largest value as 1."""
    resized = F.interpolate(maps.unsqueeze(1), (size, size), mode="bilinear", align_corners=False).squeeze(1)
    return resized / resized.amax((1, 2), keepdim=True).clamp(min=1e-6)
