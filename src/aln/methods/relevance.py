"""Layer-wise relevance propagation through the classifier, for any rule.

Relevance is handed down from layer to layer. An affine layer `z_j = sum_i x_i w_ij + b_j` splits the
relevance `R_j` among its inputs in proportion to their contributions `z_ij = x_i w_ij`:

    epsilon (eq. 58):     R_i = sum_j z_ij / (z_j + e sign(z_j)) R_j
    alpha-beta (eq. 60):  R_i = sum_j (alpha z_ij^+ / z_j^+ - beta z_ij^- / z_j^-) R_j,   alpha - beta = 1

where + and - keep the positive and the negative contributions, the bias among them. A ReLU hands relevance
down as it is; a maximum gives it to the pixel that won. The normalisation is merged into the convolution
before it ("canonised"): for one image it multiplies each channel by a number and adds one, whether its
statistics are those of training (batch) or of the image (group). The merged weights are made on the side.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aln.errors import ModelError
from aln.methods.gradients import own_logits
from aln.models.classifier import Classifier


@dataclass(frozen=True)
class Affine:
    """An affine layer: `convolution(x, weight) · scale + bias`.

    Attributes:
        weight: (D, K, k, k), the sign of the normalisation included.
        scale: (1 or B, D, 1, 1), > 0.
        bias: (1 or B, D, 1, 1).
        padding: Of the convolution.
    """

    weight: Tensor
    scale: Tensor
    bias: Tensor
    padding: int

    def forward(self, inputs: Tensor, weight: Tensor) -> Tensor:
        """Contributions of inputs (B, K, H, W), summed for each output, with some of the weights; no bias."""
        return F.conv2d(inputs, weight, padding=self.padding) * self.scale

    def backward(self, shares: Tensor, weight: Tensor) -> Tensor:
        """Shares (B, D, H, W) handed down to each input, with some of the weights."""
        return F.conv_transpose2d(shares * self.scale, weight, padding=self.padding)


class Rule(ABC):
    """How an affine layer splits relevance."""

    @abstractmethod
    def start(self, logits: Tensor) -> Tensor:
        """Relevance (B,) of the class with these logits."""

    @abstractmethod
    def split(self, layer: Affine, inputs: Tensor, relevance: Tensor) -> Tensor:
        """Relevance of the inputs (B, K, H, W) from that of the outputs (B, D, H, W)."""


@torch.inference_mode()
def pixel_relevance(classifier: Classifier, images: Tensor, labels: Tensor, rule: Rule) -> Tensor:
    """Relevance (B, H, W) of each pixel, summed over its channels, for each image's own class.

    Raises:
        ModelError: If the classifier has a layer that no rule is known for.
    """
    steps: list[tuple[Affine, Tensor, Tensor]] = []
    features = images
    for layer in classifier.layers:
        parts = _parts(layer)
        affine, outputs = _affine(parts, features)
        steps.append((affine, features, outputs))
        features = F.max_pool2d(outputs, 2) if parts.pools else outputs
    relevance = _through_head(classifier, features, labels, rule)
    for affine, inputs, outputs in reversed(steps):
        relevance = rule.split(affine, inputs, _unpooled(outputs, relevance))
    return relevance.sum(1)


def _affine(parts: Parts, inputs: Tensor) -> tuple[Affine, Tensor]:
    """A layer's convolution and normalisation as one, and its activations before the pooling."""
    before = parts.convolution(inputs)
    mean, variance = _statistics(parts.normalisation, before)
    gain, shift = parts.normalisation.weight.view(-1, 1, 1, 1), parts.normalisation.bias.view(1, -1, 1, 1)
    scale = (variance + parts.normalisation.eps).rsqrt()
    bias = shift - mean * scale * gain.view(1, -1, 1, 1)
    affine = Affine(parts.convolution.weight * gain, scale, bias, padding=1)
    return affine, parts.normalisation(before).relu()


def _statistics(normalisation: nn.BatchNorm2d | nn.GroupNorm, values: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and variance (1 or B, D, 1, 1) that values (B, D, H, W) are normalised with."""
    if isinstance(normalisation, nn.BatchNorm2d):
        known = (normalisation.running_mean, normalisation.running_var)
        if known[0] is None or known[1] is None:
            raise ModelError("lrp: the classifier's batch normalisation keeps no statistics")
        return known[0].view(1, -1, 1, 1), known[1].view(1, -1, 1, 1)
    groups = normalisation.num_groups
    grouped = values.reshape(len(values), groups, -1)
    variance, mean = torch.var_mean(grouped, dim=2, correction=0)
    size = values.shape[1] // groups
    mean, variance = (v.repeat_interleave(size, 1)[..., None, None] for v in (mean, variance))
    return mean, variance


@dataclass(frozen=True)
class Parts:
    """A layer of the classifier, taken apart."""

    convolution: nn.Conv2d
    normalisation: nn.BatchNorm2d | nn.GroupNorm
    pools: bool


def _parts(layer: nn.Module) -> Parts:
    parts = list(layer.children())
    kinds = [type(part) for part in parts]
    convolution, normalisation = parts[:2]
    if (
        kinds[2:] in ([nn.ReLU], [nn.MaxPool2d, nn.ReLU])
        and isinstance(convolution, nn.Conv2d)
        and isinstance(normalisation, nn.BatchNorm2d | nn.GroupNorm)
    ):
        return Parts(convolution, normalisation, pools=len(parts) > 3)
    raise ModelError(
        "lrp: no rule is known for a layer of this classifier; "
        "it must be convolution, normalisation, perhaps pooling, and ReLU"
    )


def _through_head(classifier: Classifier, features: Tensor, labels: Tensor, rule: Rule) -> Tensor:
    """Global average pooling and the head are one affine layer: each pixel counts with weight / pixels."""
    _batch, depth, height, width = features.shape
    logits = classifier.head(features.mean((2, 3)))
    relevance = []
    for image, label in enumerate(labels):
        weight = classifier.head.weight[label].view(1, depth, 1, 1).expand(1, depth, height, width)
        bias = classifier.head.bias[label].view(1, 1, 1, 1)
        layer = Affine(weight / (height * width), torch.ones_like(bias), bias, padding=0)
        start = rule.start(own_logits(logits[image : image + 1], labels[image : image + 1]))
        relevance.append(rule.split(layer, features[image : image + 1], start.view(1, 1, 1, 1)))
    return torch.cat(relevance)


def _unpooled(outputs: Tensor, relevance: Tensor) -> Tensor:
    """Relevance of a layer's activations from that of its pooled ones: the winner takes it all."""
    if outputs.shape == relevance.shape:
        return relevance
    _pooled, winners = F.max_pool2d(outputs, 2, return_indices=True)
    return F.max_unpool2d(relevance, winners, [2, 2], output_size=list(outputs.shape[2:]))
