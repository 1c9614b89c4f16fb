"""Integrated gradients: the gradient, averaged on the way from an image without content to the image.

Attribution of input i (eq. 1), from the baseline x' to the image x:

    IG_i = (x_i - x'_i) · integral_0^1 dS_c(x' + a (x - x')) / dx_i  da

The baseline is the mean colour, 0 after normalisation. The integral is a sum of `steps` midpoints. All
attributions of an image sum to `S_c(x) - S_c(x')`. A pixel's attribution is the sum over its channels; what
speaks against the class is cut off at 0, since it is no part of the object.
"""

from __future__ import annotations

import torch
from torch import Tensor

from aln.methods.base import register
from aln.methods.gradients import image_gradients
from aln.methods.options import at_least
from aln.models.networks import Networks


@register("integrated_gradients", cite="Sundararajan et al., ICML 2017")
def integrated_gradients(nets: Networks, images: Tensor, labels: Tensor, *, steps: int = 32) -> Tensor:
    """Input times its gradient averaged from the mean colour to the image.

    Raises:
        ConfigError: If `steps` is below 1.
    """
    return attributions(nets, images, labels, steps).sum(1).clamp(min=0)


def attributions(nets: Networks, images: Tensor, labels: Tensor, steps: int) -> Tensor:
    """Signed attribution (B, 3, H, W) of every input value."""
    count = at_least("integrated_gradients: steps", steps, 1)
    total = torch.zeros_like(images)
    for step in range(count):
        total += image_gradients(nets.classifier, images * ((step + 0.5) / count), labels)
    return images * total / count
