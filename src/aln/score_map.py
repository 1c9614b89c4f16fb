"""The one place where raw scores of a method come back to the pixels of the original photograph."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from aln.boxes import FloatArray, normalise
from aln.config import SuperpixelConfig
from aln.superpixels import segment
from aln.superpixels.base import Segments

Image = NDArray[np.uint8]

WORKING_SIDE = 320
"""Superpixels of a photograph are computed at this length of its longer side, or its own if that is less."""

FINER = 4
"""How many times more superpixels the original gets than the network's input: half the side length each."""


def bring_back(raw: FloatArray, image: Image, superpixels: SuperpixelConfig | None = None) -> FloatArray:
    """Raw scores (h, w) of a method as a score map of the original photograph.

    Scores are resized bilinearly, then stretched to [0, 1]. With `superpixels`, the resized scores are first
    averaged over superpixels of the photograph itself, so that the mask follows its edges instead of the
    coarse edges of the network's input; where the photograph is no larger than the scores, nothing is gained
    and it is left out.

    Args:
        raw: float32 (h, w), any finite range.
        image: The photograph, RGB uint8 (H, W, 3).
        superpixels: How the network's input was cut into superpixels, for methods that score superpixels.

    Returns:
        float32 (H, W) in [0, 1]; all ones where the scores are flat.

    Raises:
        ValueError: If a score is not finite.
    """
    height, width = image.shape[:2]
    if superpixels is not None and max(height, width) > max(raw.shape):
        return normalise(_pooled(raw, image, superpixels))
    return normalise(_resized(raw, height, width))


def fine_superpixels(image: Image, config: SuperpixelConfig) -> Segments:
    """The superpixels that score maps of a photograph are averaged over; see `aln.superpixels.segment`.

    Returns:
        int32 (h, w) of the photograph scaled down until its longer side has at most `WORKING_SIDE` pixels.
    """
    finer = config.model_copy(update={"count": FINER * config.count})
    return segment(_working_copy(image), finer)


def _pooled(raw: FloatArray, image: Image, superpixels: SuperpixelConfig) -> FloatArray:
    segments = fine_superpixels(image, superpixels)
    pieces = segments.ravel()
    scores = _resized(raw, *segments.shape).ravel()
    means = np.bincount(pieces, weights=scores) / np.bincount(pieces)
    pooled = means[pieces].astype(np.float32).reshape(segments.shape)
    height, width = image.shape[:2]
    return np.asarray(cv2.resize(pooled, (width, height), interpolation=cv2.INTER_NEAREST_EXACT), np.float32)


def _working_copy(image: Image) -> Image:
    height, width = image.shape[:2]
    scale = WORKING_SIDE / max(height, width)
    if scale >= 1:
        return image
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def _resized(raw: FloatArray, height: int, width: int) -> FloatArray:
    if raw.shape == (height, width):
        return raw
    return np.asarray(cv2.resize(raw, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
