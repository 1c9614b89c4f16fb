"""Photographs of `train-fullsup` with their boxes: for the supervised ceiling alone.

This is the one place in training where ground truth is opened.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from aln.config import DataConfig
from aln.data import Split, open_images, open_truth
from aln.errors import DataError
from aln.training.batches import Batches, Moves

SPLIT: Split = "train-fullsup"


@dataclass(frozen=True)
class BoxedImages:
    """Images with one box each.

    Attributes:
        batches: All images of the split.
        indices: Those of them that are used, (N,).
        boxes: float32 (N, 4), half-open corners relative to the image's width and height, 0..1.
    """

    batches: Batches
    indices: NDArray[np.int64]
    boxes: NDArray[np.float32]

    def draw(self, count: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Random images (count, 3, S, S), augmented, and their boxes (count, 4)."""
        chosen = rng.integers(len(self.indices), size=count)
        moves = self.batches.moves(count, rng)
        images = self.batches.augmented(self.indices[chosen], moves).images
        side = self.batches.cache.images.shape[1]
        return images, torch.from_numpy(moved_boxes(self.boxes[chosen], moves, side)).to(images.device)


def open_boxed(data: DataConfig, batches: Batches, per_class: int) -> BoxedImages:
    """The split's images, or the first `per_class` of each class (0: all), each with its largest box.

    Args:
        data: Where photographs and boxes are.
        batches: Of the split's images.
        per_class: See above.

    Raises:
        DataError: If there are no boxes, or a class has fewer than `per_class`.
    """
    truth, images = open_truth(data, SPLIT), open_images(data, SPLIT)
    cache = batches.cache
    rows = {image_id: row for row, image_id in enumerate(cache.ids)}
    taken = np.zeros(len(cache.class_names), int)
    indices, boxes = [], []
    for index in range(len(images)) if truth else ():
        image_id, label = images.image_id(index), images.label(index)
        if image_id not in rows or truth is None or image_id not in truth or 0 < per_class <= taken[label]:
            continue
        height, width = images.read(index).shape[:2]
        taken[label] += 1
        indices.append(rows[image_id])
        boxes.append(_largest(truth[image_id].boxes) / (width, height, width, height))
    if not boxes or taken.min() < per_class:
        where = f"{per_class} in each class" if per_class else "any"
        raise DataError(
            f"{data.path}: training.variant=supervised learns from the boxes of {SPLIT}, and there aren't "
            f"{where}; give photographs with boxes, or lower training.variant_options.per_class"
        )
    return BoxedImages(batches, np.array(indices), np.array(boxes, np.float32))


def moved_boxes(boxes: NDArray[np.float32], moves: Moves, side: int) -> NDArray[np.float32]:
    """Boxes (B, 4), 0..1, of images of `side` pixels after `moves`; what leaves the image is cut off."""
    down, across = moves.down / side, moves.across / side
    x, y = boxes[:, 0::2], boxes[:, 1::2] - down
    x = np.where(moves.mirrored, 1 - x[:, ::-1] + across, x - across)
    moved = np.stack([x[:, 0], y[:, 0], x[:, 1], y[:, 1]], 1)
    return moved.clip(0, 1).astype(np.float32)


def _largest(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    x0, y0, x1, y1 = boxes.T
    largest: NDArray[np.float32] = boxes[((x1 - x0) * (y1 - y0)).argmax()]
    return largest
