"""What is known of masks without the game, and how far they can be trusted: measured after training."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from aln.models.classifier import Classifier
from aln.models.corruption import CorruptionNet
from aln.models.mask_prior import MaskPrior, activation_map, trust_of
from aln.models.masking import occlude, segment_probabilities, spread
from aln.training.batches import Batches

MEASURED = 2048
"""At most this many training photographs are looked at."""

HIDDEN = 0.5
"""Superpixels with a higher occlusion probability than this are hidden to measure the trust."""


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
    n_classes = classifier.head.out_features
    prior.trust.fill_(trust_of(hidden / len(chosen), clean / len(chosen), n_classes))
    return prior


def _hits(classifier: Classifier, images: Tensor, labels: Tensor) -> int:
    return int((classifier(images).argmax(1) == labels).sum())
