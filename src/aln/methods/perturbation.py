"""Meaningful perturbation: for each image, learn the smallest mask whose blurring makes the class vanish.

A mask m in [0, 1] mixes the image with a blurred copy, `F(x, m) = m x + (1 - m) blur(x)`, and is learnt for
each image by gradient descent (eq. 3 and 4, section 4.3):

    min_m  l1 · mean|1 - m| + l2 · sum |grad m|^3 + E_t P_c(F(x shifted by t, m))

The mask is learnt at an eighth of the resolution and resized, so that it can't draw adversarial dots; the
random shift t ("jitter") and the smoothness term serve the same end. The score of a pixel is `1 - m`. The
paper's sizes, made for 224 pixels, are taken relative to the image; its l1 counts each of 28 × 28 mask cells.
This is the loop of a thousand passes through the classifier that a corruption net replaces by one.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from aln.methods.base import register
from aln.methods.gradients import own_logits
from aln.methods.options import at_least
from aln.models.networks import Networks

CELL = 8
"""Pixels to a side of a mask cell."""
BLUR = 10 / 224
"""Standard deviation of the blur, in shares of the shorter side."""
JITTER = 4 / 224
"""Largest shift, in shares of the shorter side; one pixel at least."""
LEARNING_RATE = 0.1
POWER = 3


@register("perturbation", cite="Fong & Vedaldi, ICCV 2017")
def perturbation(
    nets: Networks,
    images: Tensor,
    labels: Tensor,
    *,
    iterations: int = 300,
    area: float = 0.08,
    smoothness: float = 0.01,
) -> Tensor:
    """The smallest smooth region whose blurring lowers the class probability, found by 300 descent steps.

    Args:
        nets: The networks.
        images: float32 (B, 3, H, W).
        labels: int64 (B,).
        iterations: Steps of the descent.
        area: Price l1 of blurring the whole image.
        smoothness: Price l2 of the mask's total variation.

    Raises:
        ConfigError: If `iterations` is below 1.
    """
    steps = at_least("perturbation: iterations", iterations, 1)
    with torch.inference_mode(False), torch.enable_grad():
        # one at a time: many small steps magnify the rounding of a batch
        masks = [
            _learnt(Task(nets, image[None], label[None], area, smoothness), steps)
            for image, label in zip(images.detach().clone(), labels.clone(), strict=True)
        ]
    return 1 - torch.cat(masks)


class Task:
    """What is asked of the mask of one image (1, 3, H, W) of class (1,)."""

    def __init__(self, nets: Networks, image: Tensor, label: Tensor, area: float, smoothness: float) -> None:
        self.nets, self.image, self.label = nets, image, label
        self.area, self.smoothness = area, smoothness
        self.height, self.width = image.shape[2:]
        self.blurred = blur(image, BLUR * min(self.height, self.width))

    def cost(self, mask: Tensor, shift: list[int]) -> Tensor:
        """The objective for a mask (1, 1, h, w) and a shift of (rows, columns)."""
        kept = self.resized(mask)
        mixed = kept * self.image + (1 - kept) * self.blurred
        logits = self.nets.classifier(mixed.roll(shift, (2, 3)))
        probability = own_logits(logits.softmax(1), self.label).sum()
        variation = mask.diff(dim=2).abs().pow(POWER).sum() + mask.diff(dim=3).abs().pow(POWER).sum()
        return self.area * (1 - mask).abs().mean() + self.smoothness * variation + probability

    def resized(self, mask: Tensor) -> Tensor:
        """The mask at the size of the image, (1, 1, H, W)."""
        return F.interpolate(mask, (self.height, self.width), mode="bilinear")


def _learnt(task: Task, steps: int) -> Tensor:
    """The mask (1, H, W) after so many steps."""
    cells = (math.ceil(task.height / CELL), math.ceil(task.width / CELL))
    mask = torch.ones(1, 1, *cells, device=task.image.device, requires_grad=True)
    optimizer = torch.optim.Adam([mask], LEARNING_RATE)
    shifts = torch.Generator().manual_seed(0)
    most = max(1, round(JITTER * min(task.height, task.width)))
    for _ in range(steps):
        shift = torch.randint(-most, most + 1, (2,), generator=shifts).tolist()
        (mask.grad,) = torch.autograd.grad(task.cost(mask, shift), mask)
        optimizer.step()
        with torch.no_grad():
            mask.clamp_(0, 1)
    return task.resized(mask.detach())[:, 0]


def blur(images: Tensor, sigma: float) -> Tensor:
    """Gaussian blur of (B, C, H, W), edges repeated."""
    radius = math.ceil(3 * sigma)
    offsets = torch.arange(-radius, radius + 1, dtype=images.dtype, device=images.device)
    kernel = torch.exp(-0.5 * (offsets / sigma) ** 2)
    kernel = (kernel / kernel.sum()).expand(images.shape[1], 1, -1)
    padded = F.pad(images, (radius,) * 4, mode="replicate")
    across = F.conv2d(padded, kernel.unsqueeze(2), groups=images.shape[1])
    return F.conv2d(across, kernel.unsqueeze(3), groups=images.shape[1])
