"""What the corruption net lowers: per image, how well the classifier still does on the masked image."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from aln.registry import Registry

Objective = Callable[[Tensor, Tensor], Tensor]
"""Logits (B, C) on masked images and true labels (B,) to one value an image (B,), which is lowered."""

OBJECTIVES: Registry[Objective] = Registry("objective")


@OBJECTIVES.register("margin_argmax")
def margin_argmax(logits: Tensor, labels: Tensor) -> Tensor:  # noqa: ARG001
    """Top logit minus the mean of the others (poster, corruption loss).

    The class is the one that the classifier ranks first on the masked image. Never negative, and 0 only
    where all logits are equal: the classifier has no idea.
    """
    return _margin(logits, logits.detach().argmax(1))


@OBJECTIVES.register("margin_label")
def margin_label(logits: Tensor, labels: Tensor) -> Tensor:
    """The same with the true label in the top class's place, as the poster prints it: unbounded below."""
    return _margin(logits, labels)


@OBJECTIVES.register("probability")
def probability(logits: Tensor, labels: Tensor) -> Tensor:
    """Probability of the true class, 0..1: bounded, so that no image outweighs the others."""
    return logits.softmax(1).gather(1, labels.unsqueeze(1)).squeeze(1)


@OBJECTIVES.register("log_probability")
def log_probability(logits: Tensor, labels: Tensor) -> Tensor:
    """Log-probability of the true class; at most 0."""
    return logits.log_softmax(1).gather(1, labels.unsqueeze(1)).squeeze(1)


def _margin(logits: Tensor, chosen: Tensor) -> Tensor:
    of_chosen = logits.gather(1, chosen.unsqueeze(1)).squeeze(1)
    of_others = (logits.sum(1) - of_chosen) / (logits.shape[1] - 1)
    return of_chosen - of_others
