"""Batches from the cache: the order and the augmentation depend on the seed, the epoch and the step alone.

Nothing random is carried from one step to the next, so a resumed run sees the very batches that an unbroken
one would have seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from aln.data.cache import ImageCache
from aln.models.preprocessing import Preprocessing

ORDER, AUGMENTATION, NOISE = range(3)


@dataclass(frozen=True)
class Batch:
    """Normalised images (B, 3, S, S), labels int64 (B,) and segments int64 (B, S, S)."""

    images: Tensor
    labels: Tensor
    segments: Tensor


@dataclass(frozen=True)
class Moves:
    """How images are augmented: mirrored where `mirrored`, then shifted by `down` and `across` pixels (B, 1).

    A pixel of the result comes from `down` rows below and `across` columns to the right of it.
    """

    down: NDArray[np.int64]
    across: NDArray[np.int64]
    mirrored: NDArray[np.bool_]


@dataclass(frozen=True)
class Batches:
    """Batches of a cached data set.

    Attributes:
        cache: Decoded images with labels and superpixels.
        preprocessing: Normalisation.
        batch_size: Images in a batch; what is left over at the end of an epoch is not seen in it.
        seed: Of the order and the augmentation.
        flip: Mirror half of the images left to right.
        shift: Largest shift in pixels, each way; what comes in is mirrored at the border.
        device: Where the batches go.
        limit: Use only this many images, evenly spread over the data set (0: all).
        epoch_images: An epoch is as many whole passes as fit into this many images, at least one.
    """

    cache: ImageCache
    preprocessing: Preprocessing
    batch_size: int
    seed: int
    flip: bool
    shift: int
    device: torch.device
    limit: int = 0
    epoch_images: int = 0

    @cached_property
    def indices(self) -> NDArray[np.int64]:
        """Indices into the cache of the images that are used."""
        total = len(self.cache.labels)
        count = min(self.limit, total) if self.limit else total
        return np.linspace(0, total - 1, count).round().astype(np.int64)

    @cached_property
    def chance(self) -> float:
        """Accuracy of naming the largest class always, 0..1; 1 / C where classes are equally large."""
        counts = np.bincount(self.cache.labels[self.indices])
        return float(counts.max() / counts.sum())

    @property
    def passes(self) -> int:
        """How often an epoch goes over the images."""
        return max(self.epoch_images // len(self.indices), 1)

    @property
    def steps(self) -> int:
        """Batches in an epoch."""
        return max(self.passes * len(self.indices) // self.batch_size, 1)

    def epoch(self, epoch: int, start: int = 0) -> Iterator[Batch]:
        """The batches of an epoch, from step `start` on."""
        rng = np.random.default_rng([self.seed, ORDER, epoch])
        order = np.concatenate([rng.permutation(self.indices) for _ in range(self.passes)])
        for step in range(start, self.steps):
            chosen = order[step * self.batch_size : (step + 1) * self.batch_size]
            rng = np.random.default_rng([self.seed, AUGMENTATION, epoch, step])
            yield self.augmented(chosen, self.moves(len(chosen), rng))

    def plain(self, indices: NDArray[np.int64]) -> Batch:
        """The images at `indices` as they are, without augmentation."""
        images, segments = self.cache.images[indices], self.cache.segments[indices]
        return self._to_tensors(images, self.cache.labels[indices], segments)

    def noise(self, epoch: int, step: int) -> torch.Generator:
        """Generator of the masks' noise in one step."""
        seed = np.random.SeedSequence([self.seed, NOISE, epoch, step]).generate_state(1, np.uint64)[0]
        return torch.Generator().manual_seed(int(seed >> np.uint64(1)))

    def moves(self, count: int, rng: np.random.Generator) -> Moves:
        """Random augmentation of `count` images."""
        down, across = rng.integers(-self.shift, self.shift + 1, (2, count, 1))
        return Moves(down, across, rng.random((count, 1)) < (0.5 if self.flip else 0.0))

    def augmented(self, chosen: NDArray[np.int64], moves: Moves) -> Batch:
        """The images at the indices `chosen`, moved."""
        side = self.cache.images.shape[1]
        ahead = np.arange(side)
        rows = _reflected(ahead + moves.down, side)[:, :, None]
        columns = _reflected(np.where(moves.mirrored, ahead[::-1], ahead) + moves.across, side)[:, None, :]
        which = np.arange(len(chosen))[:, None, None]
        images = self.cache.images[chosen][which, rows, columns]
        segments = self.cache.segments[chosen][which, rows, columns]
        return self._to_tensors(images, self.cache.labels[chosen], segments)

    def _to_tensors(
        self, images: NDArray[np.uint8], labels: NDArray[np.int64], segments: NDArray[np.integer]
    ) -> Batch:
        return Batch(
            self.preprocessing.normalise(torch.from_numpy(np.ascontiguousarray(images)).to(self.device)),
            torch.from_numpy(labels.astype(np.int64)).to(self.device),
            torch.from_numpy(segments.astype(np.int64)).to(self.device),
        )


def _reflected(positions: NDArray[np.int64], side: int) -> NDArray[np.int64]:
    """Positions outside 0..side-1 mirrored at the border, the border pixel doubled."""
    positions = positions % (2 * side)
    return np.where(positions >= side, 2 * side - 1 - positions, positions)
