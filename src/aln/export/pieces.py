"""Each box of a result with the part of the mask that belongs to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from aln.export.base import Found
from aln.localization import BoolArray, FloatArray


@dataclass(frozen=True, eq=False)
class Piece:
    """One object: its box, its score, and its mask as a crop of the image's.

    Attributes:
        box: float32 (4,), half-open `x0, y0, x1, y1` in pixels.
        score: In [0, 1].
        left, top: Where the crop lies in the image.
        crop: bool (h, w); one 8-connected part, never empty.
    """

    box: FloatArray
    score: float
    left: int
    top: int
    crop: BoolArray

    @property
    def offset(self) -> NDArray[np.int64]:
        """Where the crop lies, int64 (2,): left, top."""
        return np.array([self.left, self.top], np.int64)

    def mask(self, height: int, width: int) -> BoolArray:
        """The mask bool (H, W) at the image's size."""
        whole = np.zeros((height, width), bool)
        bottom, right = self.top + self.crop.shape[0], self.left + self.crop.shape[1]
        whole[self.top : bottom, self.left : right] = self.crop
        return whole


def pieces(found: Found) -> Iterator[Piece]:
    """The objects of a result, one a box, in the order of the boxes.

    A box's mask is the component that it bounds. A box that bounds none (somebody moved it) gets the largest
    component of the mask inside it; a box with no mask inside is its own mask.
    """
    mask = found.mask
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    bounded = {
        (x, y, x + w, y + h): number for number, (x, y, w, h, _) in enumerate(stats.tolist()) if number
    }
    for box, score in zip(found.boxes, found.box_scores, strict=True):
        x0, y0 = np.floor(box[:2]).astype(int).tolist()
        x1, y1 = np.ceil(box[2:]).astype(int).tolist()
        number = bounded.get(tuple(box.tolist()))
        crop = labels[y0:y1, x0:x1] == number if number else _largest(mask[y0:y1, x0:x1])
        yield Piece(box, float(score), x0, y0, crop)


def _largest(window: BoolArray) -> BoolArray:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(window.astype(np.uint8), connectivity=8)
    if count == 1:
        return np.ones_like(window)
    return np.asarray(labels == 1 + stats[1:, cv2.CC_STAT_AREA].argmax())
