"""The Adversarial Localization Network: what the corruption net would hide to confuse the classifier."""

from __future__ import annotations

import torch
from torch import Tensor

from aln.errors import ModelError
from aln.methods.base import register
from aln.models.corruption import occlusion_logits
from aln.models.masking import segment_probabilities, spread
from aln.models.networks import Networks


@register(
    "aln",
    cite="Fan, Zhao, Ermon, LLD workshop at NIPS 2017",
    superpixels=True,
    needs_corruption_net=True,
    own_rule="paper",
)
@torch.inference_mode()
def aln(nets: Networks, images: Tensor, labels: Tensor) -> Tensor:
    """Occlusion probability of the corruption net, averaged over superpixels.

    The corruption net is not told a class, so the labels make no difference.

    Raises:
        ModelError: If the networks have no corruption net.
    """
    del labels
    segments = nets.segments(images)
    return occlusion(nets, images, segments, int(segments.max()) + 1)


def answers(nets: Networks, images: Tensor, segments: Tensor, n_segments: int) -> tuple[Tensor, Tensor]:
    """All that an exported model computes, in one pass.

    Args:
        nets: The networks.
        images: float32 (B, 3, S, S), normalised.
        segments: int64 (B, S, S), labels 0..n_segments-1.
        n_segments: K, at least the number of superpixels in any image.

    Returns:
        Class probabilities float32 (B, C), and what the method `aln` gives for these superpixels, (B, S, S).

    Raises:
        ModelError: If the networks have no corruption net.
    """
    return nets.classifier(images).softmax(1), occlusion(nets, images, segments, n_segments)


def occlusion(nets: Networks, images: Tensor, segments: Tensor, n_segments: int) -> Tensor:
    """Occlusion probability averaged over given superpixels.

    Arguments as of `answers`.

    Returns:
        float32 (B, S, S) in [0, 1].

    Raises:
        ModelError: If the networks have no corruption net.
    """
    if nets.corruption is None:
        raise ModelError("method 'aln' needs a corruption net, and this model holds a classifier alone")
    logits = occlusion_logits(nets.corruption, nets.classifier, images)
    return spread(segment_probabilities(logits, segments, n_segments), segments)
