"""Score-CAM: class activation mapping without gradients; a feature map counts as what it shows does.

Each feature map `A^k` of the last layer is resized to the image and stretched to [0, 1]; the image is seen
through it, and the class logit against that of the empty image is its score (algorithm 1):

    H^k = stretch(resize(A^k))        C_k = S_c(X * H^k) - S_c(0)
    a = softmax_k(C_k)                L^c = ReLU(sum_k a_k A^k)

The logit of the empty image cancels in the softmax. A flat feature map shows nothing: `H^k = 0`.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from aln.methods.base import register
from aln.methods.masked import masked_logits
from aln.models.networks import Networks


@register("score_cam", cite="Wang et al., CVPR workshops 2020")
@torch.inference_mode()
def score_cam(nets: Networks, images: Tensor, labels: Tensor) -> Tensor:
    """Features, weighted by the class logit of the image seen through each of them."""
    features = nets.classifier.features(images)
    return torch.stack([_one(nets, *each) for each in zip(images, features, labels, strict=True)])


def _one(nets: Networks, image: Tensor, features: Tensor, label: Tensor) -> Tensor:
    masks = _stretched(F.interpolate(features[None], image.shape[1:], mode="bilinear")[0])
    weights = masked_logits(nets.classifier, image, masks)[:, label].softmax(0)
    return torch.einsum("dhw,d->hw", features, weights).relu()


def _stretched(maps: Tensor) -> Tensor:
    """Each of (K, H, W) maps linearly to [0, 1]; a flat one to 0."""
    low, high = maps.amin((1, 2), keepdim=True), maps.amax((1, 2), keepdim=True)
    span = high - low
    return (maps - low) / torch.where(span > 0, span, 1.0)
