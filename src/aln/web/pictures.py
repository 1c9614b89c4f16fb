"""Photographs and score maps as files that a browser shows."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from aln.data.base import Image
from aln.localization import FloatArray
from aln.visualize.drawing import T, heat, resized

PHOTOGRAPH_SIDE = 1600
HEAT_SIDE = 640
SMALL = 512 * 512
"""Photographs of at most this many pixels are sent without loss."""

CONTENT: dict[int | str, dict[str, Any]] = {200: {"content": {"image/png": {}, "image/jpeg": {}}}}
BYTES: dict[int | str, dict[str, Any]] = {200: {"content": {"application/octet-stream": {}}}}
"""OpenAPI's words for answers that are files."""


def photograph(image: Image) -> tuple[bytes, str]:
    """RGB uint8 (H, W, 3) as a file and its media type; the longer side has at most 1600 pixels."""
    small = _shrunk(image, PHOTOGRAPH_SIDE)
    suffix = ".png" if small.shape[0] * small.shape[1] <= SMALL else ".jpg"
    data = cv2.imencode(suffix, small[..., ::-1])[1].tobytes()
    return data, "image/png" if suffix == ".png" else "image/jpeg"


def heat_map(score_map: FloatArray) -> bytes:
    """A score map float32 (H, W) in [0, 1] as a PNG: the heat's colours, the more opaque the higher."""
    small = _shrunk(score_map, HEAT_SIDE)
    opacity = np.rint(np.clip(small, 0, 1) * 255).astype(np.uint8)
    layers = np.dstack([heat(small)[..., ::-1], opacity])
    return cv2.imencode(".png", layers)[1].tobytes()


def _shrunk(image: NDArray[T], side: int) -> NDArray[T]:
    height, width = image.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return image
    return resized(image, max(1, round(width * scale)), max(1, round(height * scale)))
