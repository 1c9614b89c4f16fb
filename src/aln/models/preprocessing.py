"""What happens to an image before a network sees it; it travels inside the saved model."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Preprocessing:
    """Resize to a square, then normalise so that 0 is the mean colour of the training images.

    Attributes:
        input_size: Side of the network's square input in pixels.
        mean: Mean of each channel R, G, B over the training images, 0..1.
        std: Standard deviation of each channel, 0..1, > 0.
    """

    input_size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    def normalise(self, images: Tensor) -> Tensor:
        """uint8 (B, S, S, 3) RGB to float32 (B, 3, S, S), channels-last in memory."""
        mean, std = self._constants(images)
        return (images.permute(0, 3, 1, 2).float() / 255 - mean) / std

    def denormalise(self, images: Tensor) -> Tensor:
        """float32 (B, 3, S, S) back to the very uint8 (B, S, S, 3) that `normalise` was given."""
        mean, std = self._constants(images)
        pixels = ((images.float() * std + mean) * 255).round().clamp(0, 255)
        return pixels.to(torch.uint8).permute(0, 2, 3, 1)

    def _constants(self, like: Tensor) -> tuple[Tensor, Tensor]:
        shape = (1, 3, 1, 1)
        mean = torch.tensor(self.mean, device=like.device).view(shape)
        return mean, torch.tensor(self.std, device=like.device).view(shape)
