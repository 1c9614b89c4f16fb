"""A made-up result on a made-up photograph of any size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aln.localization import Localization


def photograph(height: int, width: int) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(60, 200, (height, width, 3), np.uint8)


def localization(height: int, width: int, *, boxes: int = 1, name: str = "cat") -> Localization:
    """The object fills the middle half of the image."""
    mask = np.zeros((height, width), bool)
    mask[height // 4 : height - height // 4, width // 4 : width - width // 4] = True
    box = [width // 4, height // 4, width - width // 4, height - height // 4]
    return Localization(
        image_id="a.jpg",
        score_map=(0.2 + 0.6 * mask).astype(np.float32),
        mask=mask,
        boxes=np.array([box] * boxes, np.float32).reshape(-1, 4),
        box_scores=np.linspace(0.9, 0.5, boxes, dtype=np.float32),
        label=0,
        class_names=(name, "dog"),
        probabilities=np.array([0.7, 0.3], np.float32),
        method="aln",
        rule="paper",
    )
