"""`Networks`: the two trained networks and everything needed to feed them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from aln.config import SuperpixelConfig
from aln.models.classifier import Classifier
from aln.models.corruption import CorruptionNet
from aln.models.preprocessing import Preprocessing
from aln.superpixels import segment


@dataclass
class Networks:
    """What a localization method gets.

    Attributes:
        classifier: The trained classifier, in eval mode.
        corruption: The trained corruption net in eval mode, or None for a classifier alone.
        preprocessing: How images were resized and normalised.
        superpixels: How images are cut into superpixels.
    """

    classifier: Classifier
    corruption: CorruptionNet | None
    preprocessing: Preprocessing
    superpixels: SuperpixelConfig

    def segments(self, images: Tensor) -> Tensor:
        """Superpixel labels int64 (B, S, S) of normalised images float32 (B, 3, S, S)."""
        pixels = self.preprocessing.denormalise(images).cpu().numpy()
        labels = np.stack([segment(image, self.superpixels) for image in pixels])
        return torch.from_numpy(labels.astype(np.int64)).to(images.device)
