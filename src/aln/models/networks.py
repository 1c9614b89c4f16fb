"""`Networks`: the trained networks and everything needed to feed them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

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
        extras: Further trained networks, in eval mode, by their names in `aln.models.extras`.
    """

    classifier: Classifier
    corruption: CorruptionNet | None
    preprocessing: Preprocessing
    superpixels: SuperpixelConfig
    extras: Mapping[str, nn.Module] = field(default_factory=dict)

    def by_name(self) -> dict[str, nn.Module]:
        """Every network there is, by the name it is saved under."""
        corruption = {} if self.corruption is None else {"corruption": self.corruption}
        return {"classifier": self.classifier, **corruption, **self.extras}

    def segments(self, images: Tensor) -> Tensor:
        """Superpixel labels int64 (B, S, S) of normalised images float32 (B, 3, S, S)."""
        pixels = self.preprocessing.denormalise(images).cpu().numpy()
        labels = np.stack([segment(image, self.superpixels) for image in pixels])
        return torch.from_numpy(labels.astype(np.int64)).to(images.device)
