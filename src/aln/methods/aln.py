"""The Adversarial Localization Network: what the corruption net would hide to confuse the classifier."""

from __future__ import annotations

import torch
from torch import Tensor

from aln.errors import ModelError
from aln.methods.base import register
from aln.models.masking import segment_probabilities, spread
from aln.models.networks import Networks


@register(
    "aln",
    cite="Fan, Zhao, Ermon, LLD workshop at NIPS 2017",
    superpixels=True,
    needs_corruption_net=True,
)
@torch.inference_mode()
def aln(nets: Networks, images: Tensor, labels: Tensor) -> Tensor:
    """Occlusion probability of the corruption net, averaged over superpixels.

    The corruption net is not told a class, so the labels make no difference.

    Raises:
        ModelError: If the networks have no corruption net.
    """
    del labels
    if nets.corruption is None:
        raise ModelError("method 'aln' needs a corruption net, and this model holds a classifier alone")
    segments = nets.segments(images)
    probabilities = segment_probabilities(nets.corruption(images), segments, int(segments.max()) + 1)
    return spread(probabilities, segments)
