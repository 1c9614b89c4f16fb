"""Grad-CAM: class activation mapping for any layer, by gradients in place of the head's weights.

With features `A^k` of a layer and the class logit `y^c` (eq. 1 and 2):

    a_k^c = mean_ij dy^c / dA^k_ij        L^c = ReLU(sum_k a_k^c A^k)

On the last layer of a network with global average pooling, `a_k^c` is the head's weight over the number of
pixels, and the map is CAM's cut off at 0.
"""

from __future__ import annotations

import torch
from torch import Tensor

from aln.methods.base import register
from aln.methods.gradients import feature_gradients
from aln.models.networks import Networks


@register("grad_cam", cite="Selvaraju et al., ICCV 2017", own_rule="max:0.15")
def grad_cam(nets: Networks, images: Tensor, labels: Tensor, *, layer: int = -1) -> Tensor:
    """Features of a layer, weighted by the class logit's mean gradient, cut off at 0.

    Raises:
        ConfigError: If the classifier has no such layer.
    """
    features, gradients = feature_gradients(nets.classifier, images, labels, layer)
    return torch.einsum("bdhw,bd->bhw", features, gradients.mean((2, 3))).relu()
