"""Gradients of a class's logit, taken so that nothing is left on the networks.

Inputs are copied: tensors made in inference mode can't be part of a graph, their copies can.
"""

from __future__ import annotations

import torch
from torch import Tensor

from aln.errors import ConfigError
from aln.models.classifier import Classifier


def image_gradients(classifier: Classifier, images: Tensor, labels: Tensor) -> Tensor:
    """Gradient (B, 3, H, W) of each image's own class logit with respect to the image."""
    with torch.inference_mode(False), torch.enable_grad():
        leaves = images.detach().clone().requires_grad_()
        logits = own_logits(classifier(leaves), labels.clone())
        return torch.autograd.grad(logits.sum(), leaves)[0]


def feature_gradients(
    classifier: Classifier, images: Tensor, labels: Tensor, layer: int
) -> tuple[Tensor, Tensor]:
    """Feature maps of a layer and the gradient of each image's own class logit with respect to them.

    Args:
        classifier: The classifier, in eval mode.
        images: float32 (B, 3, H, W).
        labels: int64 (B,).
        layer: Index of the layer, from the end where negative; -1 is what the global pooling averages.

    Returns:
        Features (B, D, h, w), after the activation and the layer's pooling, and gradients of the same shape.

    Raises:
        ConfigError: If there is no such layer.
    """
    index = _index(int(layer), len(classifier.layers))
    with torch.inference_mode(False), torch.enable_grad():
        features = classifier.layers[: index + 1](images.detach().clone()).detach().requires_grad_()
        logits = classifier.head(classifier.layers[index + 1 :](features).mean((2, 3)))
        gradients = torch.autograd.grad(own_logits(logits, labels.clone()).sum(), features)[0]
    return features.detach(), gradients


def own_logits(logits: Tensor, labels: Tensor) -> Tensor:
    """Of logits (B, C) each image's own class (B,)."""
    return logits.gather(1, labels[:, None]).squeeze(1)


def _index(layer: int, count: int) -> int:
    if not -count <= layer < count:
        raise ConfigError(f"layer={layer}: the classifier has {count} layers; give {-count} to {count - 1}")
    return layer % count
