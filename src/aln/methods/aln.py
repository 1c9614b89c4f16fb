"""The Adversarial Localization Network: what the corruption net would hide to confuse the classifier.

The corruption net is not told which class is asked for, so its word is weighed against the class's: the score
is `p^trust · g^(1 - trust)` (a log-linear pool; Genest & Zidek, Statistical Science 1986) with the occlusion
probability p, the evidence g for the class (Grad-CAM++ on the last features, its largest value in an image
being 1), and the trust that self-training measured: how much of the classifier's knowledge is gone when the
masks that the game left are hidden. Models without self-training have trust 1, and p is the score, as in the
paper.
"""

from __future__ import annotations

import torch
from torch import Tensor

from aln.errors import ModelError
from aln.methods.base import register
from aln.models.evidence import at_most_one, class_evidence
from aln.models.masking import probability_map
from aln.models.networks import Networks

LEAST_EVIDENCE = 1e-6
"""Evidence is at least this: where there is none at all, the occlusion probability decides alone."""

LIKELIEST = -1
"""In place of a class: the one that the classifier ranks first."""


@register(
    "aln",
    cite="Fan, Zhao, Ermon, LLD workshop at NIPS 2017",
    superpixels=True,
    needs_corruption_net=True,
    own_rule="paper",
)
@torch.inference_mode()
def aln(nets: Networks, images: Tensor, labels: Tensor) -> Tensor:
    """Occlusion probability of superpixels, weighed against the evidence for the class.

    Raises:
        ModelError: If the networks have no corruption net.
    """
    segments = nets.segments(images)
    return answers(nets, images, segments, int(segments.max()) + 1, labels)[1]


def answers(
    nets: Networks, images: Tensor, segments: Tensor, n_segments: int, classes: Tensor
) -> tuple[Tensor, Tensor]:
    """All that an exported model computes, in one pass.

    Args:
        nets: The networks.
        images: float32 (B, 3, S, S), normalised.
        segments: int64 (B, S, S), labels 0..n_segments-1.
        n_segments: K, at least the number of superpixels in any image.
        classes: int64 (B,), the class to localize in each image; `LIKELIEST` leaves it to the classifier.

    Returns:
        Class probabilities float32 (B, C), and what the method `aln` gives for these superpixels, (B, S, S)
        in [0, 1].

    Raises:
        ModelError: If the networks have no corruption net.
    """
    if nets.corruption is None:
        raise ModelError("method 'aln' needs a corruption net, and this model holds a classifier alone")
    features = nets.classifier.layer_features(images)
    probabilities = nets.classifier.head(features[-1].mean((2, 3))).softmax(1)
    logits = nets.corruption(images, features)
    hidden = probability_map(logits, segments, n_segments)
    chosen = torch.where(classes < 0, probabilities.argmax(1), classes)
    evidence = at_most_one(class_evidence(nets.classifier, features[-1], chosen), images.shape[-1])
    trust = nets.corruption.trust
    return probabilities, hidden**trust * evidence.clamp(min=LEAST_EVIDENCE) ** (1 - trust)
