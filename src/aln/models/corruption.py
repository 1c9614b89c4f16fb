"""The corruption network: image to occlusion logit per pixel.

Convolutions lead down to a fully connected bottleneck (global information), deconvolutions lead back up, and
at every level the encoder's features are added to the decoder's (local information: without these residual
connections the boundaries are poor).

It may also read the features of the classifier that it has to confuse (the masker of Zolna et al., CVIU 2020,
reads nothing else): what the classifier looks at needs no learning again, and fewer images are enough.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate, pairwise

import torch
from torch import Tensor, nn

from aln.config import ModelConfig
from aln.models.classifier import Classifier

INITIAL_PROBABILITY = 0.25
"""Occlusion probability of every pixel before training: some of the image hidden, most of it visible."""


class CorruptionNet(nn.Module):
    """Conv-deconv network with a fully connected bottleneck and a residual connection at every level.

    Args:
        config: `corruption_widths` gives the channels at each level, each half the size of the one before;
            `corruption_bottleneck` the width of the fully connected layer; `input_size` its spatial size;
            with `corruption_reads_classifier` the features of the classifier's layers are added, each through
            a 1×1 convolution, at the level of their own size.

    Attributes:
        trust: Share of what the classifier knows that its masks hold, 0..1; measured for self-training, 1
            without it. The method `aln` gives the rest of the say to the class's evidence.
    """

    trust: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.register_buffer("trust", torch.ones(()))
        widths = config.corruption_widths
        self.stem = _convolution(3, widths[0])
        self.down = nn.ModuleList(
            nn.Sequential(_convolution(narrow, wide, stride=2), _Residual(wide))
            for narrow, wide in pairwise(widths)
        )
        self.sources = _sources(config) if config.corruption_reads_classifier else {}
        self.lateral = nn.ModuleList(
            _lateral(config.classifier_widths[layer], widths[level]) for layer, level in self.sources.items()
        )
        side = config.input_size // 2 ** (len(widths) - 1)
        self.bottleneck = _Bottleneck(widths[-1], side, config.corruption_bottleneck)
        self.up = nn.ModuleList(
            nn.Sequential(nn.ConvTranspose2d(wide, narrow, 4, stride=2, padding=1), nn.BatchNorm2d(narrow))
            for narrow, wide in pairwise(widths)
        )
        self.head = nn.Conv2d(widths[0], 1, 3, padding=1)
        nn.init.zeros_(self.head.weight)
        if self.head.bias is not None:
            nn.init.constant_(self.head.bias, math.log(INITIAL_PROBABILITY / (1 - INITIAL_PROBABILITY)))

    def forward(self, images: Tensor, features: Sequence[Tensor] = ()) -> Tensor:
        """Occlusion logits (B, S, S) of normalised images (B, 3, S, S).

        Args:
            images: What to find the object in.
            features: Outputs of the classifier's layers for them, where the network reads these; see
                `occlusion_logits`.
        """
        levels = [self._joined(self.stem(images), 0, features)]
        for level, down in enumerate(self.down, 1):
            levels.append(self._joined(down(levels[-1]), level, features))
        x = self.bottleneck(levels.pop())
        for up, skip in zip(reversed(self.up), reversed(levels), strict=True):
            x = (up(x) + skip).relu()
        logits: Tensor = self.head(x)
        return logits.squeeze(1)

    def _joined(self, x: Tensor, level: int, features: Sequence[Tensor]) -> Tensor:
        for (layer, its_level), lateral in zip(self.sources.items(), self.lateral, strict=True):
            if its_level == level:
                x = x + lateral(features[layer])
        return x


def occlusion_logits(corruption: CorruptionNet, classifier: Classifier, images: Tensor) -> Tensor:
    """Occlusion logits (B, S, S) of normalised images (B, 3, S, S); the one way to run a corruption net.

    No gradient reaches the classifier, which should be in eval mode.
    """
    with torch.no_grad():
        features = classifier.layer_features(images) if corruption.sources else ()
    logits: Tensor = corruption(images, features)
    return logits


def _sources(config: ModelConfig) -> dict[int, int]:
    """The classifier's layers that are read, each with the level whose size its output has."""
    levels = accumulate(int(pool) for pool in config.classifier_pools)
    return {layer: level for layer, level in enumerate(levels) if level < len(config.corruption_widths)}


def _lateral(channels: int, width: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(channels, width, 1, bias=False), nn.BatchNorm2d(width))


class _Bottleneck(nn.Module):
    """Fully connected layers over the whole feature map, added to it."""

    def __init__(self, channels: int, side: int, hidden: int) -> None:
        super().__init__()
        size = channels * side * side
        self.layers = nn.Sequential(nn.Linear(size, hidden), nn.ReLU(inplace=True), nn.Linear(hidden, size))

    def forward(self, features: Tensor) -> Tensor:
        # reshape, not view: the features may be channels-last in memory
        total: Tensor = features + self.layers(features.flatten(1)).reshape(features.shape)
        return total


class _Residual(nn.Module):
    """Two convolutions around a shortcut (He et al., CVPR 2016)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            _convolution(channels, channels),
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
        )

    def forward(self, features: Tensor) -> Tensor:
        total: Tensor = features + self.layers(features)
        return total.relu()


def _convolution(channels: int, width: int, *, stride: int = 1) -> nn.Sequential:
    convolution = nn.Conv2d(channels, width, 3, stride=stride, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(width), nn.ReLU(inplace=True))
