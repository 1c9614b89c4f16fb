"""RISE: look at the image through many random masks; a pixel counts as much as the class is seen when it is.

Masks (section 3.2): a grid of `cells` × `cells`, each 1 with probability `p`, is resized bilinearly to one
cell more than the image and cut out at a random place. With masks `M_i` and the class's probability `P_c`
(eq. 6):

    S(x, y) = 1 / (p N) · sum_i P_c(I * M_i) M_i(x, y)

The masks are drawn anew from the same seed in each call, so every image meets the same ones.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from aln.methods.base import register
from aln.methods.masked import masked_logits
from aln.methods.options import at_least, share
from aln.models.networks import Networks

SEED = 0


@register("rise", cite="Petsiuk et al., BMVC 2018")
@torch.inference_mode()
def rise(
    nets: Networks, images: Tensor, labels: Tensor, *, masks: int = 512, cells: int = 7, p: float = 0.5
) -> Tensor:
    """Random masks, averaged by the class probability of the image seen through them.

    Raises:
        ConfigError: If an option is out of range.
    """
    count, grid = at_least("rise: masks", masks, 1), at_least("rise: cells", cells, 1)
    height, width = images.shape[2:]
    drawn = random_masks(height, width, count=count, cells=grid, p=share("rise: p", p))
    drawn = drawn.to(images.device)
    scores = []
    for image, label in zip(images, labels, strict=True):
        seen = masked_logits(nets.classifier, image, drawn).softmax(1)[:, label]
        scores.append(torch.einsum("nhw,n->hw", drawn, seen) / (p * count))
    return torch.stack(scores)


def random_masks(height: int, width: int, *, count: int, cells: int, p: float) -> Tensor:
    """Smooth random masks float32 (N, H, W) in [0, 1]; the global generator is not touched."""
    generator = torch.Generator().manual_seed(SEED)
    grids = (torch.rand(count, 1, cells, cells, generator=generator) < p).float()
    tall, wide = math.ceil(height / cells), math.ceil(width / cells)
    large = F.interpolate(grids, ((cells + 1) * tall, (cells + 1) * wide), mode="bilinear")[:, 0]
    tops = torch.randint(tall, (count,), generator=generator).tolist()
    lefts = torch.randint(wide, (count,), generator=generator).tolist()
    cut = [
        mask[top : top + height, left : left + width]
        for mask, top, left in zip(large, tops, lefts, strict=True)
    ]
    return torch.stack(cut)
