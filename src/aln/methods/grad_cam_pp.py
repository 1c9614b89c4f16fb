"""Grad-CAM++: Grad-CAM with pixel-wise weights, so that small and repeated objects count as large ones do.

With features `A^k` of a layer, the logit `S^c`, `Y^c = exp(S^c)` and `g = dS^c / dA^k` (eq. 5 and 19):

    a_ij^kc = g_ij^2 / (2 g_ij^2 + sum_ab A^k_ab g_ij^3)
    w_k^c = sum_ij a_ij^kc ReLU(dY^c / dA^k_ij)        L^c = ReLU(sum_k w_k^c A^k)

The derivatives of `Y^c` are powers of g times `exp(S^c)`: it cancels in a, and in the map it is a factor that
is the same for all pixels; it is left out, since it overflows.
"""

from __future__ import annotations

import torch
from torch import Tensor

from aln.methods.base import register
from aln.methods.gradients import feature_gradients
from aln.models.networks import Networks


@register("grad_cam_pp", cite="Chattopadhay et al., WACV 2018")
def grad_cam_pp(nets: Networks, images: Tensor, labels: Tensor, *, layer: int = -1) -> Tensor:
    """Features of a layer, weighted by the class logit's positive gradients, each pixel by its own share.

    Raises:
        ConfigError: If the classifier has no such layer.
    """
    features, gradients = feature_gradients(nets.classifier, images, labels, layer)
    positive = gradients.relu()
    # where g > 0, numerator and denominator are divided by g^2: gradients are small, their cubes vanish
    shares = 1 / (2 + features.sum((2, 3), keepdim=True) * positive)
    weights = (shares * positive).sum((2, 3))
    return torch.einsum("bdhw,bd->bhw", features, weights).relu()
