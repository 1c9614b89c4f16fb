"""Self-training: the corruption net learns its own masks again, from crops of the photographs.

The game leaves a mask of every training photograph, and each is a little wrong in its own way. A network that
has to find the same masks in crops and mirror images cannot learn these errors, and finds what the masks have
in common: the object (Xie et al., Self-training with Noisy Student, CVPR 2020; for boxes Zhang et al.,
Rethinking the Route Towards Weakly Supervised Object Localization, CVPR 2020). No label is needed but to
measure the trust in them.
"""

from __future__ import annotations

import copy

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aln.boxes import moments_threshold
from aln.config import ModelConfig
from aln.models.classifier import Classifier
from aln.models.corruption import CorruptionNet, occlusion_logits
from aln.models.masking import probability_map
from aln.training.batches import Batch, Batches
from aln.training.mask_prior import MaskPrior, activation_map, measure_prior
from aln.training.runtime import Runtime
from aln.training.steps import finite

POWER = 1
"""Of the concentration, in the threshold of the masks that are learnt."""

SMALLEST_FRAME = 0.6
"""Side of the smallest crop, relative to the image's."""

LARGEST_FRAME = 1.3
"""Side of the largest frame around a shrunken image, relative to the image's."""

WHOLE = 0.3
"""Share of the images that are neither cropped nor shrunk."""


class Teacher(nn.Module):
    """Both networks as the game left them, the corruption net's maps drawn to the prior.

    Attributes:
        classifier: A copy of the classifier, in eval mode.
        corruption: A copy of the corruption net, in eval mode.
        prior: What is known of masks without it.
    """

    def __init__(self, classifier: Classifier, corruption: CorruptionNet, config: ModelConfig) -> None:
        super().__init__()
        self.classifier = copy.deepcopy(classifier).eval()
        self.corruption = copy.deepcopy(corruption).eval()
        self.prior = MaskPrior(config)

    def prepare(self, batches: Batches) -> None:
        """Measure the prior on the training photographs."""
        measure_prior(self.prior, self.classifier, self.corruption, batches)

    @torch.no_grad()
    def masks(self, batch: Batch, n_segments: int) -> Tensor:
        """Masks (B, S, S) of 0 and 1 for a batch, float32."""
        features = self.classifier.layer_features(batch.images)
        logits = self.corruption(batch.images, features)
        own = probability_map(logits, batch.segments, n_segments)
        maps = self.prior(own, activation_map(features[-1], own.shape[-1]))
        thresholds = [moments_threshold(one, power=POWER) for one in maps.cpu().numpy()]
        masks: Tensor = maps >= maps.new_tensor(thresholds).view(-1, 1, 1)
        return masks.float()


def self_training_step(
    classifier: Classifier,
    corruption: CorruptionNet,
    optimiser: torch.optim.Optimizer,
    images: Tensor,
    masks: Tensor,
    *,
    runtime: Runtime,
) -> float:
    """Lower the cross-entropy between occlusion probabilities of single pixels and `masks`; returns it.

    Args:
        classifier: Whose features the corruption net reads; stays as it is, in eval mode.
        corruption: The network to train.
        optimiser: Its optimiser.
        images: (B, 3, S, S), normalised.
        masks: What to find in them, (B, S, S) in [0, 1].
        runtime: Device and precision.

    Raises:
        DivergedError: If the loss is not finite.
    """
    classifier.eval()
    corruption.train()
    with runtime.autocast():
        logits = occlusion_logits(corruption, classifier, images)
    loss = F.binary_cross_entropy_with_logits(logits.float(), masks)
    optimiser.zero_grad(set_to_none=True)
    torch.autograd.backward(loss)
    optimiser.step()
    return finite(float(loss.detach()), "corruption")


def cropped(images: Tensor, masks: Tensor, noise: torch.Generator) -> tuple[Tensor, Tensor]:
    """Each image and its mask cropped or shrunk alike, at random, and brought back to the same size.

    Outside the image, images go on mirrored and masks are empty.

    Args:
        images: (B, 3, S, S).
        masks: (B, S, S) in [0, 1].
        noise: Source of randomness, on the CPU.

    Returns:
        The same shapes.
    """
    grid = F.affine_grid(_frames(len(images), noise), [*images.shape], align_corners=False).to(images.device)
    shown = F.grid_sample(images, grid, padding_mode="reflection", align_corners=False)
    found = F.grid_sample(masks.unsqueeze(1), grid, padding_mode="zeros", align_corners=False)
    return shown.contiguous(memory_format=torch.channels_last), found.squeeze(1)


def _frames(count: int, noise: torch.Generator) -> Tensor:
    """Where to look, (B, 2, 3) in units of half an image: a side, and a place where all of it fits."""
    sides = torch.rand(count, generator=noise) * (LARGEST_FRAME - SMALLEST_FRAME) + SMALLEST_FRAME
    sides = torch.where(torch.rand(count, generator=noise) < WHOLE, torch.ones(count), sides)
    centres = (2 * torch.rand(count, 2, generator=noise) - 1) * (1 - sides).abs().unsqueeze(1)
    frames = torch.zeros(count, 2, 3)
    frames[:, 0, 0] = frames[:, 1, 1] = sides
    frames[:, :, 2] = centres
    return frames
