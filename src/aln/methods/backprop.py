"""Gradient saliency: which pixels, changed a little, change the class score most.

Near an image I the score of class c is about `S_c(I) ~ w · I + b` with `w = dS_c / dI` (eq. 3). The saliency
of a pixel is the largest magnitude of w over the colour channels, `M_ij = max_k |w_ijk|` (section 3.1).
`S_c` is the logit, not the probability, which another class's score would lower as well.
"""

from __future__ import annotations

from torch import Tensor

from aln.methods.base import register
from aln.methods.gradients import image_gradients
from aln.models.networks import Networks


@register("backprop", cite="Simonyan et al., ICLR workshop 2014")
def backprop(nets: Networks, images: Tensor, labels: Tensor) -> Tensor:
    """Largest magnitude, over the channels, of the class logit's gradient."""
    return image_gradients(nets.classifier, images, labels).abs().amax(1)
