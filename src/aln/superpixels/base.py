"""The superpixel registry, and the one function that everything calls."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from aln.config import SuperpixelConfig
from aln.registry import Registry
from aln.superpixels.connectivity import tidied

Image = NDArray[np.uint8]
Segments = NDArray[np.int32]

Algorithm = Callable[[Image, SuperpixelConfig], Segments]
"""RGB uint8 (H, W, 3) and settings to integer labels (H, W); need not be connected or consecutive."""

ALGORITHMS: Registry[Algorithm] = Registry("superpixel algorithm")

SMALLEST = 0.25
"""Pieces below this fraction of the mean area that was asked for are merged away."""


def segment(image: Image, config: SuperpixelConfig) -> Segments:
    """Cut an RGB uint8 (H, W, 3) image of any size into superpixels.

    Returns:
        int32 (H, W), labels 0..K-1 in raster order of their first pixels, each one connected piece
        (4-neighbourhood), K about `config.count`. The same image gives the same labels, always.

    Raises:
        ConfigError: If no algorithm has the name `config.algorithm`.
        ValueError: If the image is empty or not uint8 (H, W, 3).
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or image.size == 0:
        raise ValueError(f"image must be uint8 (H, W, 3) and not empty, not {image.dtype} {image.shape}")
    rough = ALGORITHMS[config.algorithm](np.ascontiguousarray(image), config)
    return tidied(rough, SMALLEST * rough.size / config.count)
