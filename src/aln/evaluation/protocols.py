"""How box and pixel figures are taken at every threshold; a protocol settles what papers leave open.

`exact`, the default: half-open boxes at the photograph's own size, a pixel is in the mask where its score is
at or above the threshold, 8-connected components, and every photograph counts the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from aln.boxes import FloatArray, iou
from aln.data.base import Truth
from aln.registry import Registry

THRESHOLDS = np.arange(100) / 100
"""Thresholds 0, .01, ..., .99 of the box figures."""

LEVELS = 256
"""Grey levels of the pixel figures."""


@dataclass(frozen=True, eq=False)
class BoxCurves:
    """IoU with the best-fitting truth box at each of `THRESHOLDS`, float32 (100,) each.

    Attributes:
        largest: Of the box of the largest component (MaxBoxAcc).
        best: Of the best box of all components (MaxBoxAccV2).
    """

    largest: FloatArray
    best: FloatArray


@dataclass(frozen=True)
class EvaluationProtocol:
    """One way to measure.

    Attributes:
        summary: One line for tables and help.
        box_curves: (score map float32 (H, W) in [0, 1], truth) -> IoU at each threshold.
        pixel_histogram: (score map, truth) -> float32 (2, 256) that sums to 1: the shares of pixels at each
            grey level, background first and object second; None where there is no true mask.
    """

    summary: str
    box_curves: Callable[[FloatArray, Truth], BoxCurves]
    pixel_histogram: Callable[[FloatArray, Truth], FloatArray | None]


PROTOCOLS: Registry[EvaluationProtocol] = Registry("evaluation protocol")


def exact_box_curves(score_map: FloatArray, truth: Truth) -> BoxCurves:
    """See `BoxCurves`, under the `exact` protocol."""
    # in doubles, floor(100 · score) >= k is the very same as score >= k / 100
    levels = np.minimum(score_map.astype(np.float64) * 100, 99).astype(np.uint8)
    used = np.unique(levels)
    boxes, largest = zip(*(_components(levels >= level) for level in used), strict=True)
    counts = [len(group) for group in boxes]
    starts = np.cumsum([0, *counts[:-1]])
    overlaps = iou(np.concatenate(boxes), truth.boxes).max(axis=1)
    # the mask is the same for all thresholds above one level that occurs and up to the next
    which = np.minimum(np.searchsorted(used, np.arange(100)), len(used) - 1)
    empty = np.arange(100) > used[-1]
    curves = [overlaps[starts + np.array(largest)], np.maximum.reduceat(overlaps, starts)]
    return BoxCurves(*(np.where(empty, np.float32(0), curve[which]) for curve in curves))


def _components(mask: NDArray[np.bool_]) -> tuple[FloatArray, int]:
    """Half-open boxes (N, 4) of the 8-connected components of a mask, and the index of the largest."""
    _count, _labels, stats, _centres = cv2.connectedComponentsWithStats(mask.view(np.uint8), connectivity=8)
    left, top, width, height, area = stats[1:].T
    boxes = np.stack([left, top, left + width, top + height], axis=1).astype(np.float32)
    return boxes, int(area.argmax())


def exact_pixel_histogram(score_map: FloatArray, truth: Truth) -> FloatArray | None:
    """See `EvaluationProtocol.pixel_histogram`, under the `exact` protocol; ignored pixels are left out."""
    if truth.mask is None:
        return None
    cells = (score_map * np.float32(LEVELS - 1)).round().astype(np.int64) + LEVELS * truth.mask
    counted = cells.ravel() if truth.ignore is None else cells[~truth.ignore]
    histogram = np.bincount(counted, minlength=2 * LEVELS) / max(1, len(counted))
    return histogram.reshape(2, LEVELS).astype(np.float32)


PROTOCOLS.add(
    "exact",
    EvaluationProtocol(
        "half-open boxes at the photograph's own size", exact_box_curves, exact_pixel_histogram
    ),
)
