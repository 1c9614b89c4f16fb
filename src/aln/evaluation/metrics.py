"""The figures of one image: what a `Localization` gets right of its `Truth`.

Pure numpy; nothing here knows networks or files. Means over images and intervals are made in `summary.py`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aln.boxes import FloatArray, iou
from aln.data.base import Truth
from aln.localization import Localization

CORRECT_IOU = 0.5
"""A box is right from this IoU on (ILSVRC's localization criterion)."""

SMALL = 0.5
"""Images whose truth box covers less than this fraction of the image make up the smaller half."""


def box_iou(found: Localization, truth: Truth) -> float:
    """IoU of the best box with the truth box that fits it best; 0 where there is no box."""
    return float(iou(found.boxes[:1], truth.boxes).max()) if len(found.boxes) else 0.0


def gt_known_loc(found: Localization, truth: Truth) -> float:
    """Metric 1: 1 where the best box has IoU >= 0.5 with any truth box, otherwise 0.

    The class to localize must have been given ("GT-known").
    """
    return float(box_iou(found, truth) >= CORRECT_IOU)


def top1_loc(found: Localization, truth: Truth, label: int) -> float:
    """Metric 2: Metric 1, and the class that the classifier ranks first is the true one."""
    return gt_known_loc(found, truth) * float(found.predicted_label == label)


def mask_iou(found: Localization, truth: Truth) -> float:
    """IoU of the mask with the true mask, ignored pixels left out; NaN where there is no true mask."""
    if truth.mask is None:
        return float("nan")
    counted = np.ones_like(truth.mask) if truth.ignore is None else ~truth.ignore
    union = int(((found.mask | truth.mask) & counted).sum())
    return int((found.mask & truth.mask & counted).sum()) / union if union else 1.0


def pointing_game(score_map: FloatArray, truth: Truth) -> float:
    """Share of the score map's maximum that lies on the object (Zhang et al., ECCV 2016).

    The object is the true mask where there is one (ignored pixels left out), otherwise the truth boxes.
    Where several pixels share the maximum this is the chance that one of them, drawn at random, is a hit.
    """
    counted = np.ones_like(score_map, np.bool_) if truth.ignore is None else ~truth.ignore
    top = counted & (score_map == score_map.max(where=counted, initial=-np.inf))
    hits = int((top & object_pixels(truth, score_map.shape)).sum())
    return hits / max(1, int(top.sum()))


def object_pixels(truth: Truth, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """The true mask, or, where there is none, the pixels whose centres lie in a truth box; bool (H, W)."""
    if truth.mask is not None:
        return truth.mask
    rows, columns = (np.arange(length) + 0.5 for length in shape)
    inside = np.zeros(shape, np.bool_)
    for x0, y0, x1, y1 in truth.boxes:
        inside |= np.outer((rows >= y0) & (rows < y1), (columns >= x0) & (columns < x1))
    return inside


def is_small(truth: Truth, shape: tuple[int, ...]) -> bool:
    """Whether every truth box covers less than half of an image of (H, W) pixels."""
    areas = (truth.boxes[:, 2] - truth.boxes[:, 0]) * (truth.boxes[:, 3] - truth.boxes[:, 1])
    return bool(areas.max() < SMALL * shape[0] * shape[1])
