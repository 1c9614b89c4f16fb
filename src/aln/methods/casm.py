"""Classifier-agnostic saliency maps: what a masker hides from many classifiers at once."""

from __future__ import annotations

import torch
from torch import Tensor

from aln.methods.base import extra_network, register
from aln.models.masker import Masker
from aln.models.networks import Networks


@register("casm", cite="Zolna et al., CVIU 2020", extra="masker", own_rule="mass")
@torch.inference_mode()
def casm(nets: Networks, images: Tensor, labels: Tensor) -> Tensor:
    """Soft mask of a masker trained against present and past classifiers; the labels make no difference.

    Raises:
        ModelError: If the networks have no masker.
    """
    del labels
    masker = extra_network(nets, "casm", Masker)
    mask: Tensor = masker(nets.classifier.layer_features(images), images.shape[2:]).sigmoid()
    return mask
