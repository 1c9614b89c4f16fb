"""From occlusion probabilities to masked images: superpixel mean, sampling, fill.

The poster prints the sample as `z = -ln(-ln(-u))`, `x = I(p + z1 > 1 - p + z2)`. The first is undefined for
every u in (0, 1); the second, with sound Gumbel noise, draws Bernoulli(sigmoid(2p - 1)), which never leaves
0.27..0.73. The Gumbel-max trick wants *log*-probabilities: `x = I(ln p + z1 > ln(1 - p) + z2)` with
`z = -ln(-ln u)`, and since z1 - z2 is Logistic this is `x = I(logit p + Logistic noise > 0)`.
"""

from __future__ import annotations

import torch
from torch import Tensor

PROBABILITY_MARGIN = 1e-4
"""Occlusion probabilities stay this far from 0 and 1, so that their logits are finite."""


def segment_sizes(segments: Tensor, n_segments: int) -> Tensor:
    """Pixels of each superpixel, float32 (B, K); 0 for labels that an image does not use.

    Args:
        segments: int64 (B, H, W), labels 0..K-1.
        n_segments: K, the largest number of superpixels in any image.
    """
    flat = segments.flatten(1)
    sizes = torch.zeros(len(flat), n_segments, device=flat.device)
    return sizes.scatter_add_(1, flat, torch.ones_like(flat, dtype=torch.float32))


def segment_mean(values: Tensor, segments: Tensor, n_segments: int) -> Tensor:
    """Mean of `values` (B, H, W) over each superpixel, float32 (B, K); 0 for labels that an image lacks."""
    flat = segments.flatten(1)
    sums = torch.zeros(len(flat), n_segments, device=flat.device)
    sums = sums.scatter_add(1, flat, values.float().flatten(1))
    return sums / segment_sizes(segments, n_segments).clamp(min=1)


def spread(per_segment: Tensor, segments: Tensor) -> Tensor:
    """Give every pixel the value of its superpixel: (B, K) to (B, H, W)."""
    return per_segment.gather(1, segments.flatten(1)).view(segments.shape)


def segment_probabilities(logits: Tensor, segments: Tensor, n_segments: int) -> Tensor:
    """Occlusion probability of each superpixel: the mean of its pixels' probabilities.

    Args:
        logits: Occlusion logits (B, H, W) of the corruption net.
        segments: int64 (B, H, W).
        n_segments: K.

    Returns:
        float32 (B, K) within `PROBABILITY_MARGIN`..1 - `PROBABILITY_MARGIN`.
    """
    means = segment_mean(logits.float().sigmoid(), segments, n_segments)
    return means.clamp(PROBABILITY_MARGIN, 1 - PROBABILITY_MARGIN)


def probability_map(logits: Tensor, segments: Tensor, n_segments: int) -> Tensor:
    """`segment_probabilities` given back to the pixels of each superpixel: float32 (B, H, W)."""
    return spread(segment_probabilities(logits, segments, n_segments), segments)


def logistic_noise(shape: torch.Size | tuple[int, ...], generator: torch.Generator | None = None) -> Tensor:
    """Standard Logistic noise: the difference of two Gumbel variables, float32."""
    u = torch.rand(shape, generator=generator).clamp(1e-7, 1 - 1e-7)
    return u.log() - (-u).log1p()


def sample(probabilities: Tensor, noise: Tensor) -> Tensor:
    """Bernoulli samples by the Gumbel trick: 1 where `logit p + noise > 0`, without a gradient.

    Args:
        probabilities: float32 (B, K) inside (0, 1).
        noise: Standard Logistic noise of a shape that broadcasts with it.
    """
    return (probabilities.detach().logit() + noise > 0).float()


def straight_through(probabilities: Tensor, noise: Tensor) -> Tensor:
    """The same samples, with the gradient of the identity: dx/dp := 1 (Bengio et al., 2013)."""
    hard = sample(probabilities, noise)
    return hard + (probabilities - probabilities.detach())


def occlude(images: Tensor, masks: Tensor) -> Tensor:
    """Fill occluded pixels with 0, the mean colour (mid-grey, not black).

    Args:
        images: (B, 3, H, W), normalised so that 0 is the data mean.
        masks: (B, H, W); 1 hides a pixel, 0 shows it.
    """
    return images * (1 - masks).unsqueeze(1)


def area(per_segment: Tensor, segments: Tensor) -> Tensor:
    """Fraction of each image's pixels that is occluded, (B,), from mask values per superpixel (B, K)."""
    sizes = segment_sizes(segments, per_segment.shape[1])
    return (per_segment * sizes).sum(1) / segments[0].numel()
