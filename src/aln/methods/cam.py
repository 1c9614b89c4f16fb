"""Class activation mapping: the last features, weighted by what they mean to the class.

With global average pooling the logit of class c is `sum_k w_ck · mean_xy f_k(x, y) + b_c`. Taking the mean
out gives the map `M_c(x, y) = sum_k w_ck f_k(x, y)` (eq. 2), whose mean is the logit less its bias.
"""

from __future__ import annotations

import torch
from torch import Tensor

from aln.methods.base import register
from aln.models.networks import Networks


@register("cam", cite="Zhou et al., CVPR 2016", own_rule="max:0.2")
@torch.inference_mode()
def cam(nets: Networks, images: Tensor, labels: Tensor) -> Tensor:
    """Class activation map of the classifier, without a ReLU, as in its paper."""
    features = nets.classifier.features(images)  # (B, D, h, w)
    weights = nets.classifier.head.weight[labels]  # (B, D)
    return torch.einsum("bdhw,bd->bhw", features, weights)
