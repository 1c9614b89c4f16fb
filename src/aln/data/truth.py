"""Ground truth held as boxes in memory and masks read when asked for. For evaluation only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from aln.data.base import GroundTruth, Truth

Boxes = NDArray[np.float32]
Mask = NDArray[np.bool_]
MaskReader = Callable[[str], "tuple[Mask | None, Mask | None]"]
"""Image id to (mask, ignore), see `Truth`."""


def _no_mask(_: str) -> tuple[None, None]:
    return None, None


class Without(GroundTruth):
    """Ground truth without that of some images."""

    def __init__(self, truth: GroundTruth, image_ids: Iterable[str]) -> None:
        self._truth = truth
        self._hidden = frozenset(image_id for image_id in image_ids if image_id in truth)

    def __contains__(self, image_id: object) -> bool:
        return image_id in self._truth and image_id not in self._hidden

    def __getitem__(self, image_id: str) -> Truth:
        if image_id in self._hidden:
            raise KeyError(image_id)
        return self._truth[image_id]

    def __len__(self) -> int:
        return len(self._truth) - len(self._hidden)


class BoxTruth(GroundTruth):
    """Boxes by image id; degenerate ones are dropped, and with its last box the image.

    Args:
        boxes: Image id to float32 (N, 4), half-open, original pixels.
        read_mask: Reads an image's mask; by default there is none.
    """

    def __init__(self, boxes: Mapping[str, Boxes], read_mask: MaskReader = _no_mask) -> None:
        sound = {image_id: sound_boxes(of_image) for image_id, of_image in boxes.items()}
        self._boxes = {image_id: of_image for image_id, of_image in sound.items() if len(of_image)}
        self._read_mask = read_mask

    def __contains__(self, image_id: object) -> bool:
        return image_id in self._boxes

    def __getitem__(self, image_id: str) -> Truth:
        boxes = self._boxes[image_id]
        mask, ignore = self._read_mask(image_id)
        return Truth(boxes, mask, ignore)

    def __len__(self) -> int:
        return len(self._boxes)


def sound_boxes(boxes: Boxes) -> Boxes:
    """The finite boxes (N, 4) with x0 < x1 and y0 < y1."""
    x0, y0, x1, y1 = boxes.T
    sound: Boxes = boxes[(x0 < x1) & (y0 < y1) & np.isfinite(boxes).all(axis=1)]
    return sound


def boxes_around(mask: Mask) -> Boxes:
    """The one half-open box around all True pixels of a (H, W) mask, float32 (1, 4); (0, 4) where none is."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return np.zeros((0, 4), np.float32)
    return np.array([[columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]], np.float32)
