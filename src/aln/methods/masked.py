"""The classifier's answer to an image seen through masks."""

from __future__ import annotations

import torch
from torch import Tensor

from aln.models.classifier import Classifier

CHUNK = 128
"""Masked images that go through the classifier at a time, whatever the batch: memory stays bounded."""


def masked_logits(classifier: Classifier, image: Tensor, masks: Tensor) -> Tensor:
    """Logits (N, C) of one image (3, H, W) times each of N masks (N, H, W); 0 hides under the mean colour."""
    return torch.cat([classifier(image * chunk.unsqueeze(1)) for chunk in torch.split(masks, CHUNK)])
