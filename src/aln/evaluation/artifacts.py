"""What tells an adversarial artifact from a mask of the object, without an eye on the picture.

A mask of an object is a few large pieces with a short outline, and confuses every classifier that knows the
object. An artifact fools its victim alone: it is scattered, ragged, and transfers badly (the poster shows it
in two pictures). A random mask of the same area is the trivial row: what any mask of that size would do.

Pure numpy; nothing here knows networks or files.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from aln.boxes import BoolArray


@dataclass(frozen=True)
class MaskShape:
    """The shape of one mask; every figure is the same for the same picture at another size.

    Attributes:
        area: Share of the image that is masked, 0..1.
        components: Number of 8-connected pieces.
        component_size: Mean share of the image that a piece covers, 0..1; 0 for an empty mask.
        boundary: Length of the outline inside the image for each unit of masked area, lengths in image sides
            (the root of the image's area): a square of half the side, away from the border, has 8; an
            empty mask and the whole image 0.
    """

    area: float
    components: int
    component_size: float
    boundary: float


def mask_shape(mask: BoolArray) -> MaskShape:
    """Measure a mask bool (H, W), not of size 0."""
    pixels = int(mask.sum())
    components = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)[0] - 1
    edges = int((mask[1:] != mask[:-1]).sum()) + int((mask[:, 1:] != mask[:, :-1]).sum())
    return MaskShape(
        area=pixels / mask.size,
        components=components,
        component_size=pixels / mask.size / max(components, 1),
        boundary=edges * mask.size**0.5 / max(pixels, 1),
    )


def random_mask(segments: NDArray[np.integer], pixels: int, random: np.random.Generator) -> BoolArray:
    """A mask of whole superpixels, drawn at random, that covers as near to `pixels` as their order allows.

    Args:
        segments: Labels 0..K-1, (H, W).
        pixels: How many pixels to cover, 0..H·W.
        random: Source of the order in which superpixels are taken.

    Returns:
        bool (H, W).
    """
    sizes = np.bincount(segments.ravel())
    order = random.permutation(len(sizes))
    covered = np.concatenate([[0], sizes[order].cumsum()])
    taken = int(np.abs(covered - pixels).argmin())
    chosen = np.zeros(len(sizes), np.bool_)
    chosen[order[:taken]] = True
    return np.asarray(chosen[segments])


def accuracy_drop(clean: BoolArray, masked: BoolArray) -> NDArray[np.float64]:
    """What masks cost each image, (n,): 1 where a right answer was lost, -1 where one was won, otherwise 0.

    With several classifiers the mean over them.

    Args:
        clean: Whether the answer for the whole image is right, bool (classifiers, n).
        masked: The same for the masked image.
    """
    drop: NDArray[np.float64] = (clean.astype(np.float64) - masked.astype(np.float64)).mean(axis=0)
    return drop
