"""The protocol `choe2020`: the figures of clovaai/wsolevaluation, bit for bit (Choe et al., CVPR 2020).

What that evaluator does, and `exact` does not:

* Boxes live on an image of 224 × 224 pixels: true corners are scaled and cut to whole pixels.
* A score map becomes uint8 by `int(255 · score)`. At threshold t the mask is every pixel *above*
  `int(t · largest value)`; t = 0, .001, ..., .999.
* Boxes surround the outlines that `cv2.findContours` finds, those of holes among them. A box reaches one
  pixel past its last one, but not past the image. "Largest" is the outline around the largest area; a line
  or a single pixel has none.
* An empty mask (a map of zeros) has the box 0, 0, 0, 0.
* IoU counts pixels from the first corner to the second, both included: sides are `x1 - x0 + 1`.
* PxAP counts pixels in bins of .001 of the score itself; all pixels of all images count the same.

A map of another size is first resized to 224 × 224 bilinearly; one of that size is measured as it is.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from aln.data.base import Truth
from aln.evaluation.protocols import PROTOCOLS, BoxCurves, EvaluationProtocol

ScoreMap = NDArray[np.floating]
IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

SIDE = 224
"""Side of the square that everything is resized to, in pixels."""

STEP = 0.001
"""From one threshold to the next, as in that project's training runs; its script takes 0.01."""


def thresholds(step: float = STEP) -> FloatArray:
    """Thresholds 0, step, ... below 1, with the rounding of `numpy.arange`, which decides pixels."""
    return np.arange(0, 1, step)


def box_curves(score_map: ScoreMap, truth: Truth) -> BoxCurves:
    """IoU at each of the thresholds, of a score map (H, W) in [0, 1] at the photograph's size."""
    height, width = score_map.shape
    boxes = [resized_box([float(v) for v in box], width, height) for box in truth.boxes]
    return curves(at_side(score_map), boxes, thresholds())


def pixel_histogram(score_map: ScoreMap, truth: Truth) -> NDArray[np.float32] | None:
    """Number of pixels in each bin of the score, background and object, ignored ones left out; or None."""
    if truth.mask is None:
        return None
    mask = mask_at_side(truth.mask)
    ignore = np.zeros_like(mask) if truth.ignore is None else mask_at_side(truth.ignore)
    return histogram(at_side(score_map), mask, ignore, thresholds()).astype(np.float32)


def at_side(score_map: ScoreMap) -> ScoreMap:
    """The map at 224 × 224 pixels; a map of that size as it is."""
    if score_map.shape == (SIDE, SIDE):
        return score_map
    return np.asarray(cv2.resize(score_map, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)).clip(0, 1)


def mask_at_side(mask: NDArray[np.generic]) -> NDArray[np.bool_]:
    """A mask, True or above 0.5, at 224 × 224 pixels, each that of the nearest one."""
    small = cv2.resize(mask.astype(np.float32), (SIDE, SIDE), interpolation=cv2.INTER_NEAREST)
    return np.asarray(small > 0.5)


def resized_box(box: Sequence[float], width: int, height: int) -> list[int]:
    """Corners x0, y0, x1, y1 of an image of that size on the square, cut to whole pixels."""
    return [int(v * float(SIDE) / n) for v, n in zip(box, (width, height) * 2, strict=True)]


def curves(score_map: ScoreMap, boxes: Sequence[Sequence[int]], at: FloatArray) -> BoxCurves:
    """IoU with the best-fitting of the true boxes at each threshold, all in the pixels of the map.

    Args:
        score_map: (H, W) in [0, 1], float32 or float64.
        boxes: Corners x0, y0, x1, y1 of at least one true box.
        at: Thresholds (T,) from 0 to below 1.
    """
    grey = (score_map.astype(np.float64) * 255).astype(np.uint8)
    cuts = (at * grey.max()).astype(np.int64)
    occurring = np.unique(grey)
    # masks differ only by how many of the occurring values are cut off
    which = np.searchsorted(occurring, cuts, side="right")
    true = np.array(boxes, np.int64)
    largest, best = np.zeros((2, len(occurring) + 1), np.float32)
    for dropped in np.unique(which):
        kept = grey >= occurring[dropped] if dropped < len(occurring) else np.zeros_like(grey, np.bool_)
        found, index = _outline_boxes(kept)
        overlaps = plus_one_iou(found, true).max(axis=1)
        largest[dropped], best[dropped] = overlaps[index], overlaps.max()
    return BoxCurves(largest[which], best[which])


def _outline_boxes(mask: NDArray[np.bool_]) -> tuple[IntArray, int]:
    """Boxes (N, 4) around all outlines of a mask, and which of them is around the largest area."""
    height, width = mask.shape
    outlines, _nesting = cv2.findContours(mask.astype(np.uint8) * 255, cv2.RETR_TREE, cv2.CHAIN_APPROX_SIMPLE)
    if not outlines:
        return np.zeros((1, 4), np.int64), 0
    left, top, wide, high = np.array([cv2.boundingRect(outline) for outline in outlines], np.int64).T
    right, bottom = np.minimum(left + wide, width - 1), np.minimum(top + high, height - 1)
    areas = [cv2.contourArea(outline) for outline in outlines]
    return np.stack([left, top, right, bottom], axis=1), int(np.argmax(areas))


def plus_one_iou(a: IntArray, b: IntArray) -> FloatArray:
    """IoU (N, M) of boxes (N, 4) and (M, 4) whose second corners belong to them; 0 where nothing is there."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    shared = (high - low + 1).clip(min=0).prod(axis=2)
    area_a, area_b = ((box[:, 2:] - box[:, :2] + 1).prod(axis=1) for box in (a, b))
    union = area_a[:, None] + area_b[None, :] - shared
    overlap: FloatArray = np.where(union > 0, shared / np.maximum(union, 1), 0.0)
    return overlap


def histogram(
    score_map: ScoreMap, mask: NDArray[np.bool_], ignore: NDArray[np.bool_], at: FloatArray
) -> FloatArray:
    """Number of pixels, background and object, in the bins from each threshold, 1 and 2 on: (2, T + 2).

    Args:
        score_map: (H, W) in [0, 1].
        mask: bool (H, W), the object.
        ignore: bool (H, W), pixels outside the object that don't count.
        at: Thresholds (T,) from 0 to below 1.
    """
    edges = np.append(at, [1.0, 2.0, 3.0])
    scores = score_map.astype(np.float64)
    counted = [np.histogram(scores[pixels], bins=edges)[0] for pixels in (~mask & ~ignore, mask)]
    return np.array(counted, np.float64)


def max_box_accuracies(ious: NDArray[np.float32], levels: Sequence[int]) -> list[float]:
    """Percentage of images (n, T) that are right at the best threshold, for each IoU level in percent."""
    hits = [(ious >= np.float32(level / 100)).sum(axis=0) for level in levels]
    return [float((right * 100.0 / float(len(ious))).max()) for right in hits]


def px_ap(histograms: FloatArray) -> float:
    """Area under the pixel precision-recall curve in percent, of all images' histograms (n, 2, L).

    0 where no image has an object pixel.
    """
    background, objects = histograms.sum(axis=0)[:, ::-1].cumsum(axis=1)
    if not objects[-1]:
        return 0.0
    above = background + objects
    occurs = above != 0
    precision = objects / np.where(occurs, above, 1)
    recall = objects / objects[-1]
    area = (precision[1:] * np.diff(recall))[occurs[1:]].sum()
    return float(area * 100)


PROTOCOLS.add(
    "choe2020",
    EvaluationProtocol(
        "that of clovaai/wsolevaluation: all at 224 × 224 pixels", box_curves, pixel_histogram
    ),
)
