"""One photograph with everything that was found in it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from aln.localization import Localization
from aln.visualize.drawing import (
    FOUND,
    PAPER,
    Picture,
    draw_box,
    draw_text,
    heat,
    resized,
    resized_mask,
    text_size,
)

SHORTER_SIDE = 256
LONGER_SIDE = 2048
STRONGEST_TINT = 0.5


def overlay(image: Picture, found: Localization) -> Picture:
    """The photograph tinted by its score map, with the mask's outline and the boxes, class name and score.

    Small photographs are enlarged until the shorter side has 256 pixels (or the longer one 2048).

    Args:
        image: RGB uint8 (H, W, 3), the original photograph.
        found: What was found in it.

    Returns:
        RGB uint8 (H', W', 3), of the same shape or enlarged by one factor.

    Raises:
        ValueError: If image and result differ in size.
    """
    height, width = image.shape[:2]
    if (height, width) != (found.height, found.width):
        raise ValueError(f"the image is {width}x{height} pixels, its result {found.width}x{found.height}")
    factor = max(1.0, min(SHORTER_SIDE / min(height, width), LONGER_SIDE / max(height, width)))
    wide, high = round(width * factor), round(height * factor)
    picture = _tinted(resized(image, wide, high), resized(found.score_map, wide, high))
    line = max(2, round(min(wide, high) / 160))
    _outline(picture, resized_mask(found.mask, wide, high), line)
    for box in found.boxes[::-1]:
        draw_box(picture, box, (wide / width, high / height), FOUND, line)
    for box, score in zip(found.boxes[::-1], found.box_scores[::-1], strict=True):
        corner = round(float(box[0]) * factor), round(float(box[1]) * factor)
        _label(picture, f"{found.class_name} {score:.2f}", corner)
    return picture


def _tinted(image: Picture, scores: NDArray[np.float32]) -> Picture:
    """Blend in the heat colours, the more the higher the score."""
    strength = STRONGEST_TINT * np.clip(scores, 0, 1)[..., None]
    mixed: Picture = np.rint(image * (1 - strength) + heat(scores) * strength).astype(np.uint8)
    return mixed


def _outline(picture: Picture, mask: NDArray[np.bool_], line: int) -> None:
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(picture, contours, -1, (20, 20, 24), line + 2, cv2.LINE_AA)
    cv2.drawContours(picture, contours, -1, PAPER, line, cv2.LINE_AA)


def _label(picture: Picture, text: str, corner: tuple[int, int]) -> None:
    """A line of text on the box's colour, above the corner where there is room, else inside the picture."""
    height, width = picture.shape[:2]
    size = max(12, round(min(height, width) / 18))
    text_width, text_height = text_size(text, size)
    pad = max(2, size // 4)
    tall = text_height + pad
    x = max(0, min(corner[0], width - text_width - 2 * pad))
    y = corner[1] - tall if corner[1] >= tall else min(corner[1], max(0, height - tall))
    picture[y : y + tall, x : x + text_width + 2 * pad] = FOUND
    draw_text(picture, text, (x + pad, y + pad // 2), size, PAPER)
