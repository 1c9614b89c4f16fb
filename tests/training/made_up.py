"""Small stand-ins: a cache in memory, networks of a few weights, one batch."""

from __future__ import annotations

import numpy as np
import torch

from aln.data.cache import ImageCache
from aln.models.classifier import Classifier
from aln.models.corruption import CorruptionNet
from aln.models.preprocessing import Preprocessing
from aln.training.batches import Batch, Batches
from aln.training.runtime import Runtime
from tests.conftest import tiny_config

CPU = torch.device("cpu")
FP32 = Runtime(CPU, bf16=False)
SIDE, CLASSES, SEGMENTS = 32, 3, 16


def cache(count: int = 20, side: int = SIDE) -> ImageCache:
    """Noise images cut into random labels; class after class, as real caches are."""
    rng = np.random.default_rng(count)
    return ImageCache(
        images=rng.integers(0, 256, (count, side, side, 3), dtype=np.uint8),
        segments=rng.integers(0, SEGMENTS, (count, side, side), dtype=np.uint8),
        labels=np.sort(np.arange(count, dtype=np.int64) % CLASSES),
        ids=tuple(f"photo {index}.png" for index in range(count)),
        class_names=("ant", "bee", "cat"),
        mean=(0.5, 0.5, 0.5),
        std=(0.25, 0.25, 0.25),
        n_segments=SEGMENTS,
        failures=(),
        fingerprint="made up",
    )


def batches(
    count: int = 20, *, side: int = SIDE, batch_size: int = 6, shift: int = 2, **more: int
) -> Batches:
    made = cache(count, side)
    return Batches(
        made,
        Preprocessing(side, made.mean, made.std),
        batch_size,
        seed=more.get("seed", 0),
        flip=bool(more.get("flip", True)),
        shift=shift,
        device=CPU,
        limit=more.get("limit", 0),
        epoch_images=more.get("epoch_images", 0),
    )


def batch(count: int = 6) -> Batch:
    return next(batches(count, batch_size=count).epoch(0))


def classifier(norm: str = "batch") -> Classifier:
    torch.manual_seed(1)
    return Classifier(CLASSES, tiny_config(f"model.classifier_norm={norm!r}").model)


def corruption_net() -> CorruptionNet:
    torch.manual_seed(2)
    return CorruptionNet(tiny_config().model)


def weights(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    """A copy of all weights and statistics."""
    return {name: tensor.clone() for name, tensor in network.state_dict().items()}


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    """Whether two such copies are equal bit for bit."""
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)
