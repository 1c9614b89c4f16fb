"""What answers for a trained model: its networks in torch, or a model exported from them."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from aln.config import SuperpixelConfig
from aln.errors import ConfigError, ModelError
from aln.methods import METHODS, Method
from aln.methods.base import missing_extra
from aln.models.networks import Networks
from aln.models.preprocessing import Preprocessing


@dataclass(frozen=True)
class Task:
    """A method with its options, checked."""

    method: Method
    options: dict[str, float]


class Engine(Protocol):
    """Runs a model on prepared batches: float32 (B, 3, S, S), normalised."""

    @property
    def preprocessing(self) -> Preprocessing:
        """How photographs are resized and normalised."""
        ...

    @property
    def superpixels(self) -> SuperpixelConfig:
        """How images are cut into superpixels."""
        ...

    @property
    def device(self) -> torch.device:
        """Where batches have to be."""
        ...

    def require(self, method: Method) -> None:
        """Raise ModelError where the model can't run `method`."""
        ...

    def probabilities(self, images: Tensor) -> Tensor:
        """Class probabilities float32 (B, C)."""
        ...

    def scores(self, task: Task, images: Tensor, labels: Tensor) -> Tensor:
        """Raw scores (B, h, w) of the method for the classes `labels`, int64 (B,)."""
        ...


@dataclass(frozen=True, eq=False)
class TorchEngine:
    """Trained networks, with every method."""

    networks: Networks

    @property
    def preprocessing(self) -> Preprocessing:
        return self.networks.preprocessing

    @property
    def superpixels(self) -> SuperpixelConfig:
        return self.networks.superpixels

    @property
    def device(self) -> torch.device:
        return self.networks.classifier.head.weight.device

    def require(self, method: Method) -> None:
        if method.needs_corruption_net and self.networks.corruption is None:
            raise ModelError(
                f"method {method.name!r} needs a corruption net, and this model has a classifier alone"
            )
        if method.extra and method.extra not in self.networks.extras:
            raise ModelError(missing_extra(method))

    @torch.inference_mode()
    def probabilities(self, images: Tensor) -> Tensor:
        logits: Tensor = self.networks.classifier(images)
        return logits.softmax(1)

    def scores(self, task: Task, images: Tensor, labels: Tensor) -> Tensor:
        return task.method.function(self.networks, images, labels, **task.options)


def checked_task(engine: Engine, method: str, **options: float) -> Task:
    """A method by name with options, checked against a model.

    Raises:
        ConfigError: For an unknown method or option.
        ModelError: If the model can't run the method.
    """
    entry = METHODS[method]
    engine.require(entry)
    parameters = inspect.signature(entry.function).parameters.values()
    known = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY]
    if unknown := [name for name in options if name not in known]:
        choices = f"it has: {', '.join(known)}" if known else "it has none"
        raise ConfigError(f"method {method!r} has no option {unknown[0]!r}; {choices}")
    return Task(entry, dict(options))
