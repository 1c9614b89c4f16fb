"""Layer-wise relevance propagation with the alpha-beta rule.

How relevance is handed down is told in `aln.methods.relevance`. With alpha = 1 (beta = 0, "z+") only what
speaks for the class is followed, and every pixel gets relevance >= 0; with alpha = 2 (beta = 1) what speaks
against it counts as well. The class starts with relevance 1: the logit would turn the map upside down where
it is negative. The biases take their share and hand it to nobody.
"""

from __future__ import annotations

import torch
from torch import Tensor

from aln.errors import ConfigError
from aln.methods.base import register
from aln.methods.relevance import Affine, Rule, pixel_relevance
from aln.models.networks import Networks


@register("lrp", cite="Bach et al., PLoS ONE 2015")
def lrp(nets: Networks, images: Tensor, labels: Tensor, *, alpha: float = 1.0) -> Tensor:
    """Relevance handed down to the pixels by the z+ rule, or alpha-beta with beta = alpha - 1.

    Raises:
        ConfigError: If `alpha` is below 1.
        ModelError: If the classifier has a layer that no rule is known for.
    """
    if not alpha >= 1:
        raise ConfigError(f"lrp: alpha={alpha:g} must be 1 or more")
    return pixel_relevance(nets.classifier, images, labels, AlphaBeta(alpha))


class AlphaBeta(Rule):
    """Positive contributions share `alpha` times the relevance, negative ones `alpha - 1` times."""

    def __init__(self, alpha: float) -> None:
        self.alpha = alpha

    def start(self, logits: Tensor) -> Tensor:
        """1, whatever the logit."""
        return torch.ones_like(logits)

    def split(self, layer: Affine, inputs: Tensor, relevance: Tensor) -> Tensor:
        """See `Rule`."""
        positive = self._of_sign(layer, layer.weight, layer.bias.clamp(min=0), inputs, relevance)
        if self.alpha == 1:
            return self.alpha * positive
        # the negative contributions are the positive ones of the layer with its sign turned
        negative = self._of_sign(layer, -layer.weight, (-layer.bias).clamp(min=0), inputs, relevance)
        return self.alpha * positive - (self.alpha - 1) * negative

    def _of_sign(
        self, layer: Affine, weight: Tensor, bias: Tensor, inputs: Tensor, relevance: Tensor
    ) -> Tensor:
        signs = [(inputs.clamp(min=0), weight.clamp(min=0)), (inputs.clamp(max=0), weight.clamp(max=0))]
        total = sum((layer.forward(x, w) for x, w in signs), bias)
        shares = torch.where(total > 0, relevance / total, 0.0)
        return torch.stack([x * layer.backward(shares, w) for x, w in signs]).sum(0)
