"""Variants on a cache in memory, and moments of a run."""

from __future__ import annotations

from typing import TypeVar

import torch

from aln.data.base import Split
from aln.data.cache import ImageCache
from aln.training.batches import Batch
from aln.training.variants import VARIANTS, Moment, Setup, Variant
from tests.conftest import tiny_config
from tests.training import made_up

V = TypeVar("V", bound=Variant)


def noise(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def moment(phase: str = "training", seed: int = 0) -> Moment:
    return Moment(phase, pace=1.0, clean_accuracy=0.5, noise=noise(seed))


def made(kind: type[V], *overrides: str) -> tuple[V, Batch]:
    """A variant with random weights, and a batch of noise."""
    name = next(name for name in VARIANTS if VARIANTS[name] is kind)
    batches = made_up.batches(12, batch_size=12)
    torch.manual_seed(0)
    config = tiny_config(f"training.variant={name}", *overrides)
    return kind(Setup(config, batches, made_up.FP32, no_split)), next(batches.epoch(0))


def no_split(split: Split) -> ImageCache:
    raise AssertionError(f"{split} was opened")
