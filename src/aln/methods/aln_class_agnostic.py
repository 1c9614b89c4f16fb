"""The corruption net's masks alone, as the paper has them: nobody tells the method which class is asked for.

Beside `aln` it shows what the class's evidence adds. In models without self-training the two are the same.
"""

from __future__ import annotations

import torch
from torch import Tensor

from aln.errors import ModelError
from aln.methods.base import register
from aln.models.corruption import occlusion_logits
from aln.models.masking import probability_map
from aln.models.networks import Networks


@register(
    "aln_class_agnostic",
    cite="Fan, Zhao, Ermon, LLD workshop at NIPS 2017",
    superpixels=True,
    needs_corruption_net=True,
    own_rule="paper",
)
@torch.inference_mode()
def aln_class_agnostic(nets: Networks, images: Tensor, labels: Tensor) -> Tensor:
    """Occlusion probability of superpixels alone, the same for every class.

    Raises:
        ModelError: If the networks have no corruption net.
    """
    del labels
    return masks_alone(nets, images, nets.segments(images))


def masks_alone(nets: Networks, images: Tensor, segments: Tensor) -> Tensor:
    """What `aln_class_agnostic` gives for superpixels int64 (B, S, S) that are known already: (B, S, S).

    Raises:
        ModelError: If the networks have no corruption net.
    """
    if nets.corruption is None:
        raise ModelError("masks come from a corruption net, and this model holds a classifier alone")
    logits = occlusion_logits(nets.corruption, nets.classifier, images)
    return probability_map(logits, segments, int(segments.max()) + 1)
