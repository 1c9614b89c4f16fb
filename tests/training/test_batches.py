"""Batches: a pure function of seed, epoch and step, with images and segments moved alike."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from aln.training.batches import Batch, Batches
from tests.training import made_up

Array = NDArray[np.uint8]


def _equal(one: Batch, other: Batch) -> bool:
    return all(
        torch.equal(getattr(one, name), getattr(other, name)) for name in ("images", "labels", "segments")
    )


def _pixels(batches: Batches, batch: Batch) -> Array:
    pixels: Array = batches.preprocessing.denormalise(batch.images).numpy()
    return pixels


def _moved(image: Array, dy: int, dx: int, *, mirrored: bool, margin: int) -> Array:
    """Naive twin: mirror beyond the border, cut out a window, flip it."""
    side = len(image)
    widths = [(margin, margin), (margin, margin), (0, 0)][: image.ndim]
    padded = np.pad(image, widths, mode="symmetric")
    window = padded[margin + dy : margin + dy + side, margin + dx : margin + dx + side]
    return window[:, ::-1] if mirrored else window


def test_the_same_seed_and_epoch_give_the_same_batches() -> None:
    for one, other in zip(made_up.batches().epoch(3), made_up.batches().epoch(3), strict=True):
        assert _equal(one, other)


@pytest.mark.parametrize(("seed", "epoch"), [(0, 4), (1, 3)], ids=["another epoch", "another seed"])
def test_another_order(seed: int, epoch: int) -> None:
    plain = made_up.batches(60, batch_size=60, flip=0, shift=0)
    one = next(plain.epoch(3))
    other = next(made_up.batches(60, batch_size=60, flip=0, shift=0, seed=seed).epoch(epoch))
    assert not torch.equal(one.images, other.images)


@pytest.mark.parametrize("start", [0, 1, 2, 3])
def test_starting_late_gives_the_tail(start: int) -> None:
    batches = made_up.batches(20)
    np.random.default_rng(1).random(9)
    tail = list(batches.epoch(1))[start:]
    late = list(batches.epoch(1, start=start))
    assert len(late) == 3 - start
    assert all(_equal(one, other) for one, other in zip(tail, late, strict=True))


@pytest.mark.parametrize(
    ("count", "batch_size", "steps", "seen"), [(20, 6, 3, 18), (18, 6, 3, 18), (4, 6, 1, 4), (6, 1, 6, 6)]
)
def test_no_image_is_seen_twice_an_epoch(count: int, batch_size: int, steps: int, seen: int) -> None:
    batches = made_up.batches(count, batch_size=batch_size, flip=0, shift=0)
    assert batches.steps == steps
    found = []
    for batch in batches.epoch(0):
        for image, label, segments in zip(_pixels(batches, batch), batch.labels, batch.segments, strict=True):
            (index,) = np.flatnonzero((batches.cache.images == image).all((1, 2, 3)))
            assert label == batches.cache.labels[index]
            assert np.array_equal(segments, batches.cache.segments[index])
            found.append(index)
    assert len(found) == len(set(found)) == seen


def test_what_is_left_over_comes_in_another_epoch() -> None:
    batches = made_up.batches(20, flip=0, shift=0)
    seen = {
        int(np.flatnonzero((batches.cache.images == image).all((1, 2, 3)))[0])
        for epoch in range(6)
        for batch in batches.epoch(epoch)
        for image in _pixels(batches, batch)
    }
    assert seen == set(range(20))


@pytest.mark.parametrize(("flip", "shift"), [(0, 0), (1, 0), (0, 2), (1, 2), (0, 4)])
def test_images_and_segments_are_moved_alike(flip: int, shift: int) -> None:
    batches = made_up.batches(12, side=8, batch_size=12, flip=flip, shift=shift)
    (batch,) = batches.epoch(0)
    used = set()
    for image, segments in zip(_pixels(batches, batch), batch.segments.numpy(), strict=True):
        moves = product(range(-shift, shift + 1), range(-shift, shift + 1), (False, True)[: 1 + flip])
        fitting = [
            (dy, dx, mirrored)
            for dy, dx, mirrored in moves
            for source, labels in zip(batches.cache.images, batches.cache.segments, strict=True)
            if np.array_equal(_moved(source, dy, dx, mirrored=mirrored, margin=shift), image)
            and np.array_equal(_moved(labels, dy, dx, mirrored=mirrored, margin=shift), segments)
        ]
        assert len(fitting) == 1
        used.add(fitting[0])
    for place, expected in ((0, 2 * shift + 1), (1, 2 * shift + 1), (2, 1 + flip)):
        assert len({move[place] for move in used}) > expected / 2  # many kinds of moves are made


def test_a_shift_beyond_the_image_stays_inside() -> None:
    batches = made_up.batches(4, side=8, batch_size=4, shift=50)
    (batch,) = batches.epoch(0)
    assert batch.images.shape == (4, 3, 8, 8)


@pytest.mark.parametrize(("limit", "count"), [(0, 20), (7, 7), (1, 1), (500, 20)])
def test_limit_spreads_over_the_data_set(limit: int, count: int) -> None:
    indices = made_up.batches(20, limit=limit).indices
    assert len(np.unique(indices)) == count
    assert indices[0] == 0
    assert count == 1 or indices[-1] == 19
    gaps = np.diff(indices)
    assert len(gaps) == 0 or gaps.max() - gaps.min() <= 1


def test_a_limited_epoch_uses_those_images_only() -> None:
    batches = made_up.batches(20, limit=6, flip=0, shift=0)
    (batch,) = batches.epoch(0)
    allowed = batches.plain(batches.indices)
    assert {tuple(image.flatten().tolist()) for image in batch.images} == {
        tuple(image.flatten().tolist()) for image in allowed.images
    }


@pytest.mark.parametrize(("epoch_images", "passes"), [(0, 1), (19, 1), (39, 1), (40, 2), (65, 3)], ids=str)
def test_a_small_data_set_is_passed_several_times_an_epoch(epoch_images: int, passes: int) -> None:
    batches = made_up.batches(20, batch_size=5, shift=0, flip=0, epoch_images=epoch_images)
    assert (batches.passes, batches.steps) == (passes, 4 * passes)
    parts = [_pixels(batches, batch) for batch in batches.epoch(0)]
    for start in range(0, len(parts), 4):
        seen = {image.tobytes() for part in parts[start : start + 4] for image in part}
        assert len(seen) == 20


def test_plain_is_the_cache_as_it_is() -> None:
    batches = made_up.batches(20)
    indices = np.array([7, 2, 2])
    batch = batches.plain(indices)
    assert np.array_equal(_pixels(batches, batch), batches.cache.images[indices])
    assert np.array_equal(batch.labels.numpy(), batches.cache.labels[indices])
    assert np.array_equal(batch.segments.numpy(), batches.cache.segments[indices])
    assert (batch.images.dtype, batch.labels.dtype, batch.segments.dtype) == (
        torch.float32,
        torch.int64,
        torch.int64,
    )


def test_noise_depends_on_seed_epoch_and_step_alone() -> None:
    def drawn(seed: int, epoch: int, step: int) -> float:
        return torch.rand(1, generator=made_up.batches(seed=seed).noise(epoch, step)).item()

    assert drawn(0, 1, 2) == drawn(0, 1, 2)
    assert len({drawn(*key) for key in product(range(3), range(3), range(3))}) == 27
