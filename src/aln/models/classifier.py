"""The classification network: a few convolutions, global average pooling, one linear layer.

The pooling makes CAM (Zhou et al., CVPR 2016) available from the very same network that the corruption
net is trained against.
"""

from __future__ import annotations

import math

from torch import Tensor, nn

from aln.config import ModelConfig


class Classifier(nn.Module):
    """The poster's "simple 4-layer convolutional classifier", of any width and depth.

    Args:
        n_classes: Number of classes C.
        config: `classifier_widths` gives the channels of each layer, `classifier_pools` which layers end in
            a 2×2 max pooling, `classifier_norm` the normalisation.
    """

    def __init__(self, n_classes: int, config: ModelConfig) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = 3
        for width, pool in zip(config.classifier_widths, config.classifier_pools, strict=True):
            layers.append(_layer(channels, width, config.classifier_norm, pool=pool))
            channels = width
        self.layers = nn.Sequential(*layers)
        self.head = nn.Linear(channels, n_classes)

    def from_output(self) -> list[nn.Module]:
        """The layers with weights, counted from the output end: the linear head, the last convolution, ..."""
        return [self.head, *reversed(self.layers)]

    def features(self, images: Tensor) -> Tensor:
        """Last feature map (B, D, h, w), after the activation, of images (B, 3, S, S)."""
        features: Tensor = self.layers(images)
        return features

    def layer_features(self, images: Tensor) -> list[Tensor]:
        """Output of every layer, first to last, of images (B, 3, S, S)."""
        outputs = [images]
        for layer in self.layers:
            outputs.append(layer(outputs[-1]))
        return outputs[1:]

    def forward(self, images: Tensor) -> Tensor:
        """Class logits (B, C) of normalised images (B, 3, S, S)."""
        logits: Tensor = self.head(self.features(images).mean((2, 3)))
        return logits


def _layer(channels: int, width: int, norm: str, *, pool: bool) -> nn.Sequential:
    normalisation = nn.BatchNorm2d(width) if norm == "batch" else nn.GroupNorm(math.gcd(8, width), width)
    parts: list[nn.Module] = [nn.Conv2d(channels, width, 3, padding=1, bias=False), normalisation]
    if pool:
        parts.append(nn.MaxPool2d(2))  # before the activation: the same values and gradients for less work
    return nn.Sequential(*parts, nn.ReLU(inplace=True))
