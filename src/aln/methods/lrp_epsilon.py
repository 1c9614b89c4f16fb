"""Layer-wise relevance propagation with the epsilon rule.

How relevance is handed down is told in `aln.methods.relevance`. The class starts with its logit, and what the
pixels get sums to it, but for the shares of the biases and of `epsilon`, which keeps small sums from
blowing up. What speaks against the class is cut off at 0, since it is no part of the object.
"""

from __future__ import annotations

import torch
from torch import Tensor

from aln.errors import ConfigError
from aln.methods.base import register
from aln.methods.relevance import Affine, Rule, pixel_relevance
from aln.models.networks import Networks


@register("lrp_epsilon", cite="Bach et al., PLoS ONE 2015")
def lrp_epsilon(nets: Networks, images: Tensor, labels: Tensor, *, epsilon: float = 1e-6) -> Tensor:
    """Relevance handed down to the pixels by the epsilon rule; what speaks for the class.

    Raises:
        ConfigError: If `epsilon` is not above 0.
        ModelError: If the classifier has a layer that no rule is known for.
    """
    if not epsilon > 0:
        raise ConfigError(f"lrp_epsilon: epsilon={epsilon:g} must be above 0")
    return pixel_relevance(nets.classifier, images, labels, Epsilon(epsilon)).clamp(min=0)


class Epsilon(Rule):
    """Contributions in proportion to their sum, its magnitude enlarged by `epsilon`."""

    def __init__(self, epsilon: float) -> None:
        self.epsilon = epsilon

    def start(self, logits: Tensor) -> Tensor:
        """The logit itself."""
        return logits

    def split(self, layer: Affine, inputs: Tensor, relevance: Tensor) -> Tensor:
        """See `Rule`."""
        total = layer.forward(inputs, layer.weight) + layer.bias
        enlarged = torch.where(total < 0, total - self.epsilon, total + self.epsilon)
        return inputs * layer.backward(relevance / enlarged, layer.weight)
