"""Adversarial Complementary Learning: where either of two branches looks."""

from __future__ import annotations

import torch
from torch import Tensor

from aln.methods.base import extra_network, register
from aln.models.networks import Networks
from aln.models.second_branch import SecondBranch, both_branches, stretched


@register("acol", cite="Zhang et al., CVPR 2018", extra="second_branch", own_rule="max:0.2")
@torch.inference_mode()
def acol(nets: Networks, images: Tensor, labels: Tensor) -> Tensor:
    """The larger of two branches' class activation maps, each stretched to 0..1.

    Raises:
        ModelError: If the networks have no second branch.
    """
    second = extra_network(nets, "acol", SecondBranch)
    first_map, second_map = both_branches(nets.classifier, second, images, labels).maps
    return torch.maximum(stretched(first_map), stretched(second_map))
