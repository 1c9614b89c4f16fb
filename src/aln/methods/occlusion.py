"""Occlusion: hide a window, and see how much less the classifier believes in the class.

A grey square slides over the image (section 4.2); each position gives the drop `P_c(x) - P_c(x hidden there)`
of the class's probability. A pixel's score is the mean drop over all positions that hide it.
"""

from __future__ import annotations

import torch
from torch import Tensor

from aln.methods.base import register
from aln.methods.masked import masked_logits
from aln.methods.options import share
from aln.models.networks import Networks


@register("occlusion", cite="Zeiler & Fergus, ECCV 2014")
@torch.inference_mode()
def occlusion(
    nets: Networks, images: Tensor, labels: Tensor, *, window: float = 0.25, stride: float = 0.0625
) -> Tensor:
    """Mean drop of the class probability over the grey windows that hide a pixel.

    Args:
        nets: The networks.
        images: float32 (B, 3, H, W).
        labels: int64 (B,).
        window: Side of the window in shares of the image's height and width.
        stride: Step from one window to the next, in the same shares; at most `window`.

    Raises:
        ConfigError: If a share is out of range.
    """
    share("occlusion: stride", stride / share("occlusion: window", window))
    hidden = windows(images.shape[2], images.shape[3], window, stride).to(images.device)
    clean = nets.classifier(images).softmax(1)
    scores = []
    for image, label, before in zip(images, labels, clean, strict=True):
        drops = before[label] - masked_logits(nets.classifier, image, 1 - hidden).softmax(1)[:, label]
        scores.append(torch.einsum("nhw,n->hw", hidden, drops) / hidden.sum(0))
    return torch.stack(scores)


def windows(height: int, width: int, window: float, stride: float) -> Tensor:
    """All positions of the window as masks float32 (N, H, W), 1 where it hides; all pixels are hidden."""
    rows, columns = (_spans(length, window, stride) for length in (height, width))
    return torch.einsum("ah,bw->abhw", rows, columns).flatten(0, 1)


def _spans(length: int, window: float, stride: float) -> Tensor:
    size, step = max(1, round(window * length)), max(1, round(stride * length))
    starts = [*range(0, length - size, step), length - size]  # the last one ends at the edge
    pixels = torch.arange(length)
    return torch.stack([(pixels >= start) & (pixels < start + size) for start in starts]).float()
