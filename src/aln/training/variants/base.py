"""What a training variant is: which networks there are, and what one step does on a batch.

The engine (`aln.training.trainer`) knows epochs, checkpoints and logs; a variant knows none of these.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

import torch
from pydantic import BaseModel, ConfigDict
from torch import Tensor, nn

from aln.config import Config
from aln.data.base import Split
from aln.data.cache import ImageCache
from aln.data.options import parse_options
from aln.models.classifier import Classifier
from aln.models.extras import EXTRAS
from aln.models.networks import Networks
from aln.registry import Registry
from aln.training.batches import Batch, Batches
from aln.training.runtime import Runtime

Net = TypeVar("Net", bound=nn.Module)
OpenSplit = Callable[[Split], ImageCache]
"""Opens the photographs of another split, with labels and superpixels, and no more."""


class VariantOptions(BaseModel):
    """Base of a variant's own settings, `training.variant_options`; on its own: the variant has none."""

    model_config = ConfigDict(extra="forbid", frozen=True)


OptionsT = TypeVar("OptionsT", bound=VariantOptions)


@dataclass(frozen=True)
class Setup:
    """What a variant is made from.

    Attributes:
        config: All settings.
        batches: The training images with labels and superpixels.
        runtime: Device and precision.
        open_split: For a variant that learns from other photographs too.
    """

    config: Config
    batches: Batches
    runtime: Runtime
    open_split: OpenSplit


@dataclass(frozen=True)
class Moment:
    """When a step happens.

    Attributes:
        phase: Name of the phase, one of `Variant.phases`.
        pace: Learning rate relative to its peak, a cosine over the phase, 1 down to 0.1.
        clean_accuracy: The classifier's accuracy on clean images after the epoch before, 0..1.
        noise: The step's own source of randomness.
    """

    phase: str
    pace: float
    clean_accuracy: float
    noise: torch.Generator


class Variant(ABC):
    """Networks, their optimisers, and one step; registered in `VARIANTS`, a file each.

    Attributes:
        method: Name of the localization method that such a model is used with.
        cite: Where it was published.
        Options: The variant's own settings.
        weakly_supervised: Whether it learns from nothing but image-level labels.
        networks: Every network that is trained, by name; one of them is the classifier.
        optimisers: An optimiser for each.
    """

    method: ClassVar[str]
    cite: ClassVar[str]
    Options: ClassVar[type[VariantOptions]] = VariantOptions
    weakly_supervised: ClassVar[bool] = True

    def __init__(self, setup: Setup) -> None:
        self.config, self.batches, self.runtime = setup.config, setup.batches, setup.runtime
        self.networks: dict[str, nn.Module] = {}
        self.optimisers: dict[str, torch.optim.Optimizer] = {}
        self.classifier = self.add(
            "classifier", Classifier(len(self.batches.cache.class_names), self.config.model)
        )

    @classmethod
    def check(cls, config: Config) -> None:
        """Refuse at once what could otherwise only fail after hours; raises ConfigError."""
        del config

    @classmethod
    @abstractmethod
    def phases(cls, config: Config) -> dict[str, int]:
        """Epochs of each phase, in their order."""

    @abstractmethod
    def step(self, batch: Batch, moment: Moment) -> dict[str, float]:
        """Train on one batch.

        Returns:
            Figures by name, of which the log holds each epoch's mean.

        Raises:
            TrainingError: If a loss is not finite.
        """

    def check_epoch(self, means: dict[str, float], epoch: int, phase: str) -> None:
        """Stop a run that has gone wrong, from the figures' means over an epoch; raises TrainingError."""
        del means, epoch, phase

    def figures(self) -> dict[str, float]:
        """Figures of this very moment, for the log and the progress bar."""
        return {}

    def maps(self, batch: Batch, phase: str) -> Tensor | None:
        """Score maps (B, S, S) of a batch for the epoch's picture, or None where there is nothing to see."""
        del batch, phase
        return None

    def trained(self) -> Networks:
        """What methods get, in eval mode."""
        extras = {name: network.eval() for name, network in self.networks.items() if name in EXTRAS}
        return Networks(
            self.classifier.eval(), None, self.batches.preprocessing, self.config.superpixels, extras
        )

    def state(self) -> dict[str, Any]:
        """For a checkpoint: everything that a step changes."""
        return {
            **{name: network.state_dict() for name, network in self.networks.items()},
            "optimisers": {name: optimiser.state_dict() for name, optimiser in self.optimisers.items()},
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from `state`."""
        for name, network in self.networks.items():
            network.load_state_dict(state[name])
        for name, optimiser in self.optimisers.items():
            optimiser.load_state_dict(state["optimisers"][name])

    def add(self, name: str, network: Net) -> Net:
        """Train `network` too: on the device, with an optimiser of its own, in every checkpoint."""
        network.to(self.runtime.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        decay = self.config.training.weight_decay
        self.networks[name] = network
        self.optimisers[name] = torch.optim.AdamW(network.parameters(), weight_decay=decay)
        return network

    def options(self, kind: type[OptionsT]) -> OptionsT:
        """The variant's own settings, which are of the class `kind`."""
        return kind.model_validate(self.config.training.variant_options)

    def paced(self, name: str, peak: float, moment: Moment) -> torch.optim.Optimizer:
        """The optimiser of a network with its learning rate for this step."""
        optimiser = self.optimisers[name]
        for group in optimiser.param_groups:
            group["lr"] = peak * moment.pace
        return optimiser


VARIANTS: Registry[type[Variant]] = Registry("training variant")


def chosen_variant(config: Config) -> type[Variant]:
    """The variant that `config` asks for, its settings checked.

    Raises:
        ConfigError: For an unknown variant, or settings that it can't be trained with.
    """
    name, options = config.training.variant, config.training.variant_options
    variant = VARIANTS[name]
    parse_options(variant.Options, options, name, "training variant")
    variant.check(config)
    return variant
