"""One training step of each network: two graphs an iteration, no gradient from one net to the other."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aln.config import TrainingConfig
from aln.errors import ConfigError, DivergedError
from aln.models.classifier import Classifier
from aln.models.corruption import CorruptionNet, occlusion_logits
from aln.models.masking import area, occlude, segment_probabilities, spread
from aln.training.batches import Batch, Batches
from aln.training.estimators import ESTIMATORS, Estimate, MaskingProblem, leave_one_out_gradient
from aln.training.objectives import OBJECTIVES
from aln.training.runtime import Runtime

MONITORED = 512
"""Training images on which `clean_accuracy` is measured."""


@dataclass(frozen=True)
class CorruptionResult:
    """Outcome of a corruption step.

    Attributes:
        loss: Objective plus the price of the area.
        accuracy: The classifier's accuracy on the masked images, 0..1.
        area: Mean masked fraction, 0..1.
        masked: One masked version of every image (B, 3, S, S), without a graph.
    """

    loss: float
    accuracy: float
    area: float
    masked: Tensor


def check_settings(config: TrainingConfig) -> None:
    """Refuse at once what could otherwise only fail after the warm-up.

    Raises:
        ConfigError: For an unknown objective or estimator, or too few masks for it.
    """
    chosen = OBJECTIVES[config.objective], ESTIMATORS[config.estimator]
    if leave_one_out_gradient in chosen and config.masks_per_image < 2:
        raise ConfigError(
            f"training.estimator={config.estimator} compares several masks of one image; "
            "set training.masks_per_image to 2 or more"
        )


def corruption_step(
    classifier: Classifier,
    corruption: CorruptionNet,
    optimiser: torch.optim.Optimizer,
    batch: Batch,
    *,
    n_segments: int,
    area_weight: float,
    area_power: int,
    config: TrainingConfig,
    runtime: Runtime,
    noise: torch.Generator,
) -> CorruptionResult:
    """Lower `objective + area_weight * area ** area_power`, expected over masks, the classifier frozen.

    The classifier runs on population statistics: with the statistics of a batch of masked images it is
    confused more by a masked background than by a masked object, and the masks would learn the background.
    The expected area needs no sampling: it is the mean of the probabilities, weighted by size.
    With a power of 2 the first hidden pixels of an image are cheap and the last ones dear, so that no image
    is left whole and none is hidden whole.

    Raises:
        DivergedError: If the loss is not finite.
    """
    classifier.eval()
    corruption.train()
    with runtime.autocast():
        logits = occlusion_logits(corruption, classifier, batch.images)
    probabilities = segment_probabilities(logits, batch.segments, n_segments)
    with frozen(classifier):
        problem = MaskingProblem(
            images=batch.images,
            labels=batch.labels,
            segments=batch.segments,
            probabilities=probabilities,
            classify=lambda images: _logits(classifier, images, runtime),
            objective=OBJECTIVES[config.objective],
            preserve_weight=config.preserve_weight,
            temperature=config.temperature,
            masks_per_image=config.masks_per_image,
            generator=noise,
        )
        estimate = ESTIMATORS[config.estimator](problem)
        areas = area(probabilities, batch.segments)
        price = area_weight * (areas**area_power).mean()
        optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(estimate.surrogate + price)
    optimiser.step()
    return CorruptionResult(
        loss=finite(estimate.value + float(price.detach()), "corruption"),
        accuracy=_accuracy(estimate, batch.labels),
        area=float(areas.detach().mean()),
        masked=occlude(batch.images, spread(_shown_to_classifier(estimate, config), batch.segments)),
    )


def classifier_step(
    classifier: Classifier,
    optimiser: torch.optim.Optimizer,
    clean: Tensor,
    masked: Tensor | None,
    labels: Tensor,
    *,
    clean_weight: float,
    runtime: Runtime,
    freeze_statistics: bool = False,
    fixed: Sequence[nn.Module] = (),
) -> tuple[float, float]:
    """Cross-entropy with the true label on masked images, and on clean ones with the weight `clean_weight`.

    Args:
        classifier: The network to train.
        optimiser: Its optimiser.
        clean: Images (B, 3, S, S).
        masked: The same images masked and detached, or None to train on clean images alone (warm-up).
        labels: int64 (B,).
        clean_weight: Share of the clean images in the loss, 0..1.
        runtime: Device and precision.
        freeze_statistics: Keep the batch statistics as they are.
        fixed: Layers of the classifier that stay as they are, statistics included.

    Returns:
        Loss and accuracy over everything that was shown.

    Raises:
        DivergedError: If the loss is not finite.
    """
    classifier.train(not freeze_statistics)
    for layer in fixed:
        layer.eval()
    shown, weights = _shown(clean, masked, clean_weight)
    targets = labels.repeat(len(weights))
    with frozen(*fixed):
        logits = _logits(classifier, shown, runtime)
        losses = F.cross_entropy(logits, targets, reduction="none").view(len(weights), -1).mean(1)
        loss = (losses * losses.new_tensor(weights)).sum()
        optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
    optimiser.step()
    accuracy = float((logits.argmax(1) == targets).float().mean())
    return finite(float(loss.detach()), "classification"), accuracy


@torch.inference_mode()
def clean_accuracy(classifier: Classifier, batches: Batches, runtime: Runtime) -> float:
    """Accuracy on a fixed part of the clean training images, 0..1; leaves the classifier in eval mode."""
    classifier.eval()
    indices = batches.indices
    chosen = indices[np.linspace(0, len(indices) - 1, min(MONITORED, len(indices))).round().astype(int)]
    hits = 0
    for part in np.array_split(chosen, math.ceil(len(chosen) / batches.batch_size)):
        batch = batches.plain(part)
        hits += int((_logits(classifier, batch.images, runtime).argmax(1) == batch.labels).sum())
    return hits / len(chosen)


@torch.inference_mode()
def confidence(classifier: Classifier, batch: Batch, runtime: Runtime) -> float:
    """Mean probability of the true class on the whole images of a batch, 0..1."""
    probabilities = _logits(classifier.eval(), batch.images, runtime).softmax(1)
    return float(probabilities.gather(1, batch.labels.unsqueeze(1)).mean())


def randomly_occluded(batch: Batch, n_segments: int, most: float, noise: torch.Generator) -> Tensor:
    """The batch's images, each without a random share of its superpixels (masks become a familiar sight).

    The share is drawn evenly from -`most`/2 to `most`, so a third of the images stay whole.
    """
    if not most:
        return batch.images
    count = len(batch.labels)
    shares = torch.rand(count, 1, generator=noise) * 1.5 * most - 0.5 * most
    masks = (torch.rand(count, n_segments, generator=noise) < shares).float().to(batch.images.device)
    return occlude(batch.images, spread(masks, batch.segments))


@contextmanager
def frozen(*networks: nn.Module) -> Iterator[None]:
    """No gradient for the networks' own weights; gradients still pass through them to their input."""
    parameters = [p for network in networks for p in network.parameters() if p.requires_grad]
    for parameter in parameters:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in parameters:
            parameter.requires_grad_(True)


def _shown(clean: Tensor, masked: Tensor | None, clean_weight: float) -> tuple[Tensor, list[float]]:
    if masked is None:
        return clean, [1.0]
    if clean_weight == 0:
        return masked, [1.0]
    return torch.cat([masked, clean]), [1 - clean_weight, clean_weight]


def _logits(classifier: Classifier, images: Tensor, runtime: Runtime) -> Tensor:
    with runtime.autocast():
        logits: Tensor = classifier(images)
    return logits.float()


def _shown_to_classifier(estimate: Estimate, config: TrainingConfig) -> Tensor:
    """Masks (B, K) of the classifier's next step: every other one inverted where both sides count."""
    masks = estimate.masks[0].clone()
    if config.preserve_weight:
        masks[1::2] = 1 - masks[1::2]
    return masks


def _accuracy(estimate: Estimate, labels: Tensor) -> float:
    return float((estimate.logits.argmax(2) == labels).float().mean())


def finite(loss: float, name: str) -> float:
    """The loss itself; raises DivergedError unless it is a finite number."""
    if not math.isfinite(loss):
        raise DivergedError(
            f"the {name} loss is {loss}: training stopped, the last checkpoint is whole. "
            "Try a lower training.corruption_lr or training.classifier_lr, or training.precision=fp32"
        )
    return loss
