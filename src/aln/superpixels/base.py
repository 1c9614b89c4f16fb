"""The superpixel registry, and the one function that everything calls."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from aln.config import SuperpixelConfig
from aln.registry import Registry

Image = NDArray[np.uint8]
Segments = NDArray[np.int32]

Algorithm = Callable[[Image, SuperpixelConfig], Segments]
"""RGB uint8 (H, W, 3) and settings to integer labels (H, W); need not be connected or consecutive."""

ALGORITHMS: Registry[Algorithm] = Registry("superpixel algorithm")


def segment(image: Image, config: SuperpixelConfig) -> Segments:
    """Cut an RGB uint8 (H, W, 3) image of any size into superpixels.

    Returns:
        int32 (H, W), labels 0..K-1, each one connected piece (4-neighbourhood), K about `config.count`.
    """
    raise NotImplementedError
