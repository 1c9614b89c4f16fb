"""The trivial rows of every table: what guessing gets, so that a method can be seen to do better."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aln.boxes import FloatArray, iou
from aln.data.base import GroundTruth, LabelledImages
from aln.errors import DataError
from aln.evaluation.metrics import CORRECT_IOU

CENTRED = "center_box"
TRIVIAL_METHODS = ("max_box", CENTRED)

SIDES = tuple(round(0.30 + 0.05 * step, 2) for step in range(15))
"""Sides 0.30, 0.35, ..., 1.00 that are tried for the centred box."""


def choose_side(images: LabelledImages, truth: GroundTruth, max_images: int = 2000) -> float:
    """Side of the centred box that is right most often on images whose boxes may be seen.

    Meant for the split `train-fullsup`; those without truth, and where photograph or mask
    can't be read, are passed over.

    Raises:
        DataError: If no image is left.
    """
    relative = relative_boxes(images, truth, max_images)
    if not relative:
        raise DataError(f"{images.name}: no image with a box to choose the centred box's side from")
    return best_side(relative)


def relative_boxes(images: LabelledImages, truth: GroundTruth, max_images: int = 0) -> list[FloatArray]:
    """Truth boxes of each annotated image that can be read, float32 (N, 4) in fractions of its size.

    Args:
        images: Any split.
        truth: Its boxes.
        max_images: Of at most this many images, evenly spaced; 0: of all.
    """
    relative: list[FloatArray] = []
    annotated = [index for index in range(len(images)) if images.image_id(index) in truth]
    for index in (annotated[place] for place in spaced(len(annotated), max_images)):
        image_id = images.image_id(index)
        try:
            height, width = images.read(index).shape[:2]
            boxes = truth[image_id].boxes
        except DataError:
            continue
        size = np.array([width, height, width, height], np.float32)
        relative.append((boxes / size).astype(np.float32))
    return relative


def best_side(relative: list[FloatArray]) -> float:
    """The one of `SIDES` whose centred box has IoU >= 0.5 with most images' truth; the smallest of equals.

    Args:
        relative: For each image float32 (N, 4), truth boxes in fractions of its width and height.
    """
    return SIDES[int((overlaps_of_sides(relative, SIDES) >= CORRECT_IOU).mean(axis=0).argmax())]


def overlaps_of_sides(relative: list[FloatArray], sides: Sequence[float]) -> FloatArray:
    """IoU (images, sides) of centred boxes with the truth box of each image that they fit best."""
    centred = np.array([[0.5 - s / 2, 0.5 - s / 2, 0.5 + s / 2, 0.5 + s / 2] for s in sides], np.float32)
    return np.array([iou(centred, boxes).max(axis=1) for boxes in relative], np.float32)


def spaced(count: int, most: int) -> list[int]:
    """At most `most` indices of 0..count-1, evenly spaced, so that sorted classes are all met; 0: all."""
    if most == 0 or count <= most:
        return list(range(count))
    return [int(i) for i in np.linspace(0, count - 1, most).round()]
