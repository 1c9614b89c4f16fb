"""How the corruption net learns from masks that are 0 or 1: estimators of a gradient that does not exist.

Each takes the occlusion probabilities and returns a scalar whose gradient estimates that of the expected
objective. Which one is best is a matter of bias, variance and forward passes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from aln.models.masking import logistic_noise, occlude, sample, spread, straight_through
from aln.registry import Registry
from aln.training.objectives import Objective


@dataclass(frozen=True)
class MaskingProblem:
    """One batch as an estimator sees it.

    Attributes:
        images: Normalised images (B, 3, S, S).
        labels: int64 (B,).
        segments: int64 (B, S, S).
        probabilities: Occlusion probability of each superpixel (B, K), with a gradient.
        classify: Frozen classifier, images to float32 logits.
        objective: What to lower, one value an image.
        preserve_weight: Weight of the same objective on the complementary mask, which is raised.
        temperature: Of relaxed masks.
        masks_per_image: How many masks to draw for each image.
        generator: Source of the noise.
    """

    images: Tensor
    labels: Tensor
    segments: Tensor
    probabilities: Tensor
    classify: Callable[[Tensor], Tensor]
    objective: Objective
    preserve_weight: float
    temperature: float
    masks_per_image: int
    generator: torch.Generator

    def noise(self) -> Tensor:
        """Logistic noise for all masks, (M, B, K)."""
        shape = (self.masks_per_image, *self.probabilities.shape)
        return logistic_noise(shape, self.generator).to(self.probabilities.device)

    def logits(self, masks: Tensor) -> Tensor:
        """Logits (M, B, C) of the images under `masks` (M, B, K)."""
        pixels = torch.cat([occlude(self.images, spread(mask, self.segments)) for mask in masks])
        return self.classify(pixels).view(len(masks), len(self.labels), -1)

    def evaluate(self, masks: Tensor) -> tuple[Tensor, Tensor]:
        """What is lowered (M, B), and the logits (M, B, C), under `masks` (M, B, K).

        Hiding the object must confuse the classifier; with a `preserve_weight`, showing nothing but the
        object must not (the destroyer and the preserver of Dabkowski & Gal, NIPS 2017).
        """
        logits = self.logits(masks)
        values = self._values(logits)
        if self.preserve_weight:
            values = values - self.preserve_weight * self._values(self.logits(1 - masks))
        return values, logits

    def _values(self, logits: Tensor) -> Tensor:
        """The objective (M, B) of logits (M, B, C)."""
        labels = self.labels.repeat(len(logits))
        return self.objective(logits.flatten(0, 1), labels).view(logits.shape[:2])


@dataclass(frozen=True)
class Estimate:
    """What an estimator returns.

    Attributes:
        surrogate: Scalar; its gradient is the estimate.
        value: Mean of the objective over the drawn masks.
        masks: The drawn masks, 0 or 1 (or 0 to 1 of an estimator that draws none), (M, B, K), no gradient.
        logits: Logits under them, or under relaxed ones where those are learnt from, (M, B, C), without a
            gradient.
    """

    surrogate: Tensor
    value: float
    masks: Tensor
    logits: Tensor


Estimator = Callable[[MaskingProblem], Estimate]
ESTIMATORS: Registry[Estimator] = Registry("gradient estimator")


@ESTIMATORS.register("straight_through")
def straight_through_gradient(problem: MaskingProblem) -> Estimate:
    """Backward through the hard masks as if they were the probabilities (Bengio et al., 2013; the poster)."""
    masks = straight_through(problem.probabilities, problem.noise())
    values, logits = problem.evaluate(masks)
    value = values.mean()
    return Estimate(value, float(value.detach()), masks.detach().round(), logits.detach())


@ESTIMATORS.register("concrete")
def concrete_gradient(problem: MaskingProblem) -> Estimate:
    """Backward through relaxed masks, sigmoid((logit p + noise) / temperature) (Maddison et al., ICLR 2017).

    Biased, as the classifier sees half-hidden superpixels, but each of its gradients tells of every
    superpixel at once.
    """
    noise = problem.noise()
    relaxed = ((problem.probabilities.logit() + noise) / problem.temperature).sigmoid()
    values, logits = problem.evaluate(relaxed)
    value = values.mean()
    return Estimate(value, float(value.detach()), sample(problem.probabilities, noise), logits.detach())


@ESTIMATORS.register("expectation")
def expected_mask_gradient(problem: MaskingProblem) -> Estimate:
    """No sample: the probabilities themselves are the mask, and hide each superpixel in part.

    Without noise nothing speaks against a veil of half-hidden superpixels, which no hard mask looks like;
    meant for comparison with the sampled masks. The classifier trains on the same veils.
    """
    masks = problem.probabilities.unsqueeze(0)
    values, logits = problem.evaluate(masks)
    value = values.mean()
    return Estimate(value, float(value.detach()), masks.detach(), logits.detach())


@ESTIMATORS.register("rloo")
def leave_one_out_gradient(problem: MaskingProblem) -> Estimate:
    """Score function with a leave-one-out baseline (RLOO; Kool et al., 2019): forward passes only.

    gradient = 1/(M-1) Σ_m (value_m - mean value) ∇ ln q(mask_m), unbiased for M >= 2 independent masks.
    """
    with torch.no_grad():
        masks = sample(problem.probabilities, problem.noise())
        values, logits = problem.evaluate(masks)
        count = max(len(masks) - 1, 1)
        advantages = (values - values.mean(0)) / count
    surrogate = (advantages * _log_likelihood(masks, problem.probabilities)).sum(0).mean()
    return Estimate(surrogate, float(values.mean()), masks, logits)


def _log_likelihood(masks: Tensor, probabilities: Tensor) -> Tensor:
    """ln q(mask) under independent Bernoullis, (M, B)."""
    return (masks * probabilities.log() + (1 - masks) * (-probabilities).log1p()).sum(2)
