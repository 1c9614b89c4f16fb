"""Boxes for the supervised ceiling: which ones, and how they move with the images."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aln.config import DataConfig
from aln.data import open_images, open_truth
from aln.data.cache import ImageCache
from aln.errors import DataError
from aln.training.batches import Batches, Moves
from aln.training.boxed import moved_boxes, open_boxed
from tests.conftest import tiny_config
from tests.training import made_up

SHAPES = tiny_config("data.options.count=60").data


def boxed_batches(data: DataConfig, side: int = 32) -> Batches:
    """Batches of the real ids and labels of `train-fullsup`, on made-up pixels."""
    images = open_images(data, "train-fullsup")
    made = made_up.batches(len(images), side=side)
    cache: ImageCache = replace(
        made.cache,
        ids=tuple(images.image_id(i) for i in range(len(images))),
        labels=np.array([images.label(i) for i in range(len(images))]),
        class_names=images.class_names,
    )
    return replace(made, cache=cache)


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize(("down", "across"), [(0, 0), (3, -2), (-5, 5)])
def test_boxes_move_as_the_pixels_do(down: int, across: int, *, mirrored: bool) -> None:
    side = 32
    made = made_up.batches(6, side=side)
    boxes = np.array([[8, 9, 20, 15], [9, 8, 24, 24]], np.float32)
    images = np.zeros((6, side, side, 3), np.uint8)
    for index, (x0, y0, x1, y1) in enumerate(boxes.astype(int)):
        images[index, y0:y1, x0:x1] = 255
    made = replace(made, cache=replace(made.cache, images=images))
    moves = Moves(np.full((2, 1), down), np.full((2, 1), across), np.full((2, 1), mirrored))
    pixels = made.augmented(np.arange(2), moves).images[:, 0].numpy() > 0
    found = moved_boxes(boxes / np.float32(side), moves, side) * side
    for white, box in zip(pixels, found, strict=True):
        rows, columns = np.flatnonzero(white.any(1)), np.flatnonzero(white.any(0))
        assert box.tolist() == [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]


def test_boxes_are_cut_off_at_the_border() -> None:
    moves = Moves(np.array([[16]]), np.array([[-8]]), np.array([[False]]))
    found = moved_boxes(np.array([[0.5, 0.25, 1.0, 0.75]], np.float32), moves, 32)
    assert found.tolist() == [[0.75, 0.0, 1.0, 0.25]]


def test_all_boxes_relative_to_the_photographs_own_size() -> None:
    boxed = open_boxed(SHAPES, boxed_batches(SHAPES), 0)
    truth, images = open_truth(SHAPES, "train-fullsup"), open_images(SHAPES, "train-fullsup")
    assert truth is not None
    assert len(boxed.indices) == len(truth) == len(images)
    for index, box in zip(boxed.indices.tolist(), boxed.boxes, strict=True):
        image_id = boxed.batches.cache.ids[index]
        height, width = images.read(index).shape[:2]
        sizes = [(x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in truth[image_id].boxes.tolist()]
        largest = truth[image_id].boxes[sizes.index(max(sizes))]
        np.testing.assert_allclose(box * (width, height, width, height), largest, rtol=1e-5)


def test_a_few_boxes_of_each_class() -> None:
    boxed = open_boxed(SHAPES, boxed_batches(SHAPES), 2)
    labels = boxed.batches.cache.labels[boxed.indices]
    assert np.bincount(labels).tolist() == [2] * len(boxed.batches.cache.class_names)


@pytest.mark.parametrize("per_class", [0, 3])
def test_photographs_without_boxes(monkeypatch: pytest.MonkeyPatch, per_class: int) -> None:
    monkeypatch.setattr("aln.training.boxed.open_truth", lambda *_: None)
    with pytest.raises(DataError, match=r"shapes: training.variant=supervised learns from the boxes"):
        open_boxed(SHAPES, boxed_batches(SHAPES), per_class)


def test_too_few_boxes_in_a_class() -> None:
    with pytest.raises(DataError, match=r"there aren't 500 in each class; .*lower training.variant_options"):
        open_boxed(SHAPES, boxed_batches(SHAPES), 500)


def test_images_and_boxes_are_drawn_together() -> None:
    boxed = open_boxed(SHAPES, boxed_batches(SHAPES), 0)
    images, boxes = boxed.draw(7, np.random.default_rng(3))
    assert images.shape == (7, 3, 32, 32)
    assert boxes.shape == (7, 4)
    again = boxed.draw(7, np.random.default_rng(3))
    assert images.equal(again[0])
    assert boxes.equal(again[1])
