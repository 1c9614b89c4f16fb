"""The shape of masks against naive twins that walk over every pixel, and masks drawn at random."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from aln.evaluation.artifacts import MaskShape, accuracy_drop, mask_shape, random_mask

Mask = NDArray[np.bool_]
masks = arrays(np.bool_, st.tuples(st.integers(1, 9), st.integers(1, 9)))


def drawn(*rows: str) -> Mask:
    """A mask from a picture: # is masked."""
    return np.array([[letter == "#" for letter in row] for row in rows])


def naive(mask: Mask) -> MaskShape:
    """Walk over the pixels one by one."""
    height, width = mask.shape
    on = {(y, x) for y in range(height) for x in range(width) if mask[y, x]}
    edges = 0
    for y, x in on:
        for a, b in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
            edges += 0 <= a < height and 0 <= b < width and (a, b) not in on
    components, left = 0, set(on)
    while left:
        components += 1
        front = [left.pop()]
        while front:
            y, x = front.pop()
            near = {(y + a, x + b) for a in (-1, 0, 1) for b in (-1, 0, 1)} & left
            left -= near
            front += near
    size = height * width
    mean = len(on) / components / size if components else 0.0
    return MaskShape(len(on) / size, components, mean, edges * size**0.5 / len(on) if on else 0.0)


@given(masks)
def test_shape_equals_that_of_a_naive_walk(mask: Mask) -> None:
    found, expected = mask_shape(mask), naive(mask)
    assert found.components == expected.components
    assert (found.area, found.component_size, found.boundary) == pytest.approx(
        (expected.area, expected.component_size, expected.boundary)
    )


@pytest.mark.parametrize(
    ("mask", "expected"),
    [
        pytest.param(drawn("....", ".##.", ".##.", "...."), MaskShape(0.25, 1, 0.25, 8.0), id="half side"),
        pytest.param(drawn("##..", "##..", "....", "...."), MaskShape(0.25, 1, 0.25, 4.0), id="in a corner"),
        pytest.param(drawn("#.", ".#"), MaskShape(0.5, 1, 0.5, 4.0), id="corners touch"),
        pytest.param(drawn("#.#", "...", "#.#"), MaskShape(4 / 9, 4, 1 / 9, 6.0), id="scattered"),
        pytest.param(drawn("..", ".."), MaskShape(0.0, 0, 0.0, 0.0), id="empty"),
        pytest.param(drawn("##", "##"), MaskShape(1.0, 1, 1.0, 0.0), id="whole image"),
    ],
)
def test_shape(mask: Mask, expected: MaskShape) -> None:
    assert mask_shape(mask) == expected


@given(masks, st.integers(2, 4))
def test_shape_is_that_of_the_picture_not_of_its_size(mask: Mask, factor: int) -> None:
    small, large = mask_shape(mask), mask_shape(mask.repeat(factor, axis=0).repeat(factor, axis=1))
    assert small.components == large.components
    assert (small.area, small.boundary) == pytest.approx((large.area, large.boundary))


@given(arrays(np.int64, (7, 8), elements=st.integers(0, 5)), st.integers(0, 56), st.integers(0, 9))
def test_random_masks_take_whole_superpixels_near_the_area(
    labels: NDArray[np.int64], pixels: int, seed: int
) -> None:
    mask = random_mask(labels, pixels, np.random.default_rng(seed))
    taken = set(labels[mask].tolist())
    assert taken.isdisjoint(labels[~mask].tolist())
    largest = np.bincount(labels.ravel()).max()
    assert abs(int(mask.sum()) - pixels) <= largest / 2


@pytest.mark.parametrize("pixels", [0, 1, 17, 64], ids=str)
def test_random_masks_of_single_pixels_have_the_area(pixels: int) -> None:
    labels = np.arange(64).reshape(8, 8)
    assert random_mask(labels, pixels, np.random.default_rng(0)).sum() == pixels


def test_random_masks_are_anywhere() -> None:
    labels = np.arange(16).reshape(4, 4)
    random = np.random.default_rng(0)
    often = np.mean([random_mask(labels, 4, random) for _ in range(2000)], axis=0)
    assert often == pytest.approx(np.full((4, 4), 0.25), abs=0.05)


@pytest.mark.parametrize(
    ("clean", "masked", "expected"),
    [
        pytest.param([[True, True, False, False]], [[True, False, True, False]], [0, 1, -1, 0], id="one"),
        pytest.param([[True, True], [True, False]], [[False, True], [False, True]], [1, -0.5], id="mean"),
    ],
)
def test_accuracy_drop(clean: list[list[bool]], masked: list[list[bool]], expected: list[float]) -> None:
    assert accuracy_drop(np.array(clean), np.array(masked)).tolist() == expected
