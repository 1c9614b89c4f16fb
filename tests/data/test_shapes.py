"""The synthetic shapes: masks that are exact, places that a constant box can't guess."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from aln.config import DataConfig
from aln.data import open_images, open_truth
from aln.data.shapes import CLASSES, SCALE, add_object


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("size", [48, 64, 96])
def test_mask_is_where_the_object_was_drawn(name: str, size: int) -> None:
    background = np.full((size, size, 3), 128, np.uint8)
    for seed in range(10):
        image, mask = add_object(np.random.default_rng(seed), background, name)
        changed = (image != background).any(axis=2)
        assert changed[mask].mean() > 0.9, "an edge pixel may be a quarter grey, a colour may be grey"
        assert not (changed & ~_grown(mask)).any(), "a faint edge at most"


@pytest.mark.parametrize("name", CLASSES)
def test_object_keeps_to_its_scale(name: str) -> None:
    background = np.zeros((64, 64, 3), np.uint8)
    for seed in range(30):
        _, mask = add_object(np.random.default_rng(seed), background, name)
        rows, columns = np.nonzero(mask)
        longest = max(np.ptp(rows), np.ptp(columns)) + 1
        assert 0.5 * SCALE[0] * 64 <= longest <= SCALE[1] * 64 + 1


def test_no_centred_box_does_well() -> None:
    config = DataConfig(path="shapes")
    images, truth = open_images(config, "test"), open_truth(config, "test")
    assert truth is not None
    boxes = np.concatenate([truth[images.image_id(index)].boxes for index in range(len(images))])
    for half in range(4, 33):
        centred = np.array([32 - half, 32 - half, 32 + half, 32 + half])
        assert (_iou(boxes, centred) >= 0.5).mean() < 0.25


def test_default_sizes() -> None:
    config = DataConfig(path="shapes")
    assert len(open_images(config, "train-weaksup")) == 2000
    assert len(open_images(config, "train-fullsup")) == len(open_images(config, "test")) == 500
    assert open_images(config, "test").read(0).shape == (64, 64, 3)


def _grown(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The mask and two pixels around it: the tip of a triangle fades over more than one."""
    grown: NDArray[np.bool_] = cv2.dilate(mask.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    return grown


def _iou(boxes: NDArray[np.float32], box: NDArray[np.int_]) -> NDArray[np.float64]:
    low, high = np.maximum(boxes[:, :2], box[:2]), np.minimum(boxes[:, 2:], box[2:])
    common: NDArray[np.float64] = (high - low).clip(0).prod(axis=1)
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1) + (box[2:] - box[:2]).prod()
    iou: NDArray[np.float64] = common / (areas - common)
    return iou
