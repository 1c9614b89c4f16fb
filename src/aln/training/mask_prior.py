"""What is known of a mask before the game: where masks lie in the mean, and where the classifier responds.

Where the masks hold all that the classifier goes by, hiding them leaves it guessing, and they can be trusted.
Where much of it lies elsewhere (a photograph's surroundings tell its class too), they are one clue among
others, and an estimate is better for being drawn towards what is known without it (Kelley 1927; James & Stein
1961): half the mean mask of the training photographs, half the activation of the classifier's last features,
which is no attack and takes in more of the object than what must be hidden (Wei et al., TIP 2017).
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor, nn

from aln.config import ModelConfig
from aln.models.classifier import Classifier
from aln.models.corruption import CorruptionNet
from aln.models.evidence import at_most_one
from aln.models.masking import occlude, segment_probabilities, spread
from aln.training.batches import Batches

LEAST_TRUST = 0.1
"""Even masks that confuse nobody say more of one image than what is known without them."""

MEASURED = 2048
"""At most this many training photographs are looked at."""

HIDDEN = 0.5
"""Superpixels with a higher occlusion probability than this are hidden to measure the trust."""


class MaskPrior(nn.Module):
    """Draws occlusion probabilities towards what is known without them.

    Attributes:
        mean: Mean occlusion probability of each pixel, float32 (S, S) in [0, 1].
        scale: What an activation of 1 counts as, so that activations have the mean of `mean`.
        trust: Share of an image's own probabilities in the result, `LEAST_TRUST`..1.
    """

    mean: Tensor
    scale: Tensor
    trust: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(config.input_size, config.input_size))
        self.register_buffer("scale", torch.zeros(()))
        self.register_buffer("trust", torch.ones(()))

    def forward(self, probabilities: Tensor, activation: Tensor) -> Tensor:
        """`trust · probabilities + (1 - trust) · (mean + scale · activation) / 2`, all (B, S, S)."""
        known = (self.mean + self.scale * activation) / 2
        drawn: Tensor = known + self.trust * (probabilities - known)
        return drawn


def activation_map(features: Tensor, size: int) -> Tensor:
    """Mean activation of the last features (B, D, h, w), at most 1 in each image: (B, size, size)."""
    return at_most_one(features.float().mean(1), size)


def trust_of(hidden: float, clean: float, chance: float) -> float:
    """Share of the classifier's knowledge that is gone when the masks are hidden, `LEAST_TRUST`..1.

    Args:
        hidden: Its accuracy on images without what the masks hide, 0..1.
        clean: Its accuracy on whole images, 0..1.
        chance: That of naming the largest class always, 0..1.
    """
    if clean <= chance:
        return LEAST_TRUST
    return min(max((clean - hidden) / (clean - chance), LEAST_TRUST), 1.0)


@torch.inference_mode()
def measure_prior(
    prior: MaskPrior, classifier: Classifier, corruption: CorruptionNet, batches: Batches
) -> MaskPrior:
    """Fill `prior` from the masks of training photographs; no box or mask of anybody's is looked at.

    Args:
        prior: What is filled.
        classifier: The trained classifier, in eval mode.
        corruption: The trained corruption net, in eval mode.
        batches: The training photographs; they are taken as they are, evenly over the data set.

    Returns:
        `prior`.
    """
    indices = batches.indices
    chosen = indices[np.linspace(0, len(indices) - 1, min(MEASURED, len(indices))).round().astype(int)]
    total = torch.zeros_like(prior.mean)
    activation = 0.0
    clean = hidden = 0
    for part in np.array_split(chosen, math.ceil(len(chosen) / batches.batch_size)):
        batch = batches.plain(part)
        features = classifier.layer_features(batch.images)
        logits = corruption(batch.images, features)
        probabilities = segment_probabilities(logits, batch.segments, batches.cache.n_segments)
        activation += float(activation_map(features[-1], len(total)).sum())
        total += spread(probabilities, batch.segments).sum(0)
        masks = spread((probabilities > HIDDEN).float(), batch.segments)
        clean += _hits(classifier, batch.images, batch.labels)
        hidden += _hits(classifier, occlude(batch.images, masks), batch.labels)
    mean = total / len(chosen)
    prior.mean.copy_((mean + mean.flip(1)) / 2 if batches.flip else mean)
    prior.scale.fill_(float(total.sum()) / max(activation, 1e-6))
    prior.trust.fill_(trust_of(hidden / len(chosen), clean / len(chosen), batches.chance))
    return prior


def _hits(classifier: Classifier, images: Tensor, labels: Tensor) -> int:
    return int((classifier(images).argmax(1) == labels).sum())
