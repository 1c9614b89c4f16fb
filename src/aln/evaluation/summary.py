"""From the figures of single images to figures of a data set, each with its interval.

Oracle figures pick the threshold that is best on the very images they are measured on. They say how good the
maps could be, not how good a user's boxes are, and carry the rule "best threshold".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aln.evaluation.bootstrap import Estimate, FloatArray, interval, resample_weights
from aln.evaluation.metrics import CORRECT_IOU

V2_IOUS = (0.3, 0.5, 0.7)
"""IoU levels that MaxBoxAccV2 averages over (Choe et al., CVPR 2020)."""


def max_box_acc(largest: NDArray[np.float32]) -> FloatArray:
    """Per-image hits (n,) behind MaxBoxAcc: IoU >= 0.5 at the threshold that is best on all images (oracle).

    Args:
        largest: float32 (n, T), IoU of the largest component's box at each threshold.
    """
    return _hits_at_best(largest, CORRECT_IOU)


def max_box_acc_v2(best: NDArray[np.float32]) -> FloatArray:
    """Per-image values (n,) behind MaxBoxAccV2: the mean over IoU levels, each at its own best threshold.

    Args:
        best: float32 (n, T), IoU of the best of all components' boxes at each threshold.
    """
    values: FloatArray = np.mean([_hits_at_best(best, level) for level in V2_IOUS], axis=0)
    return values


def px_ap(histograms: NDArray[np.float32], seed: int = 0) -> Estimate:
    """PxAP: area under the pixel precision-recall curve over all thresholds (Choe et al., CVPR 2020).

    Average precision is `sum_l precision(l) · (recall(l) - recall(l + 1))` over the grey levels l, with
    precision and recall of the pixels at or above l; pixels of all images together, every image with the same
    total weight.

    Args:
        histograms: float32 (n, 2, L), shares of background and object pixels at each grey level.
    """
    flat = histograms.reshape(len(histograms), -1).astype(np.float64)
    value = average_precision(flat.sum(axis=0).reshape(1, 2, -1))[0]
    rounds = [
        average_precision((weights @ flat).reshape(len(weights), 2, -1))
        for weights in resample_weights(len(flat), seed)
    ]
    low, high = interval(np.concatenate(rounds))
    return Estimate(100 * float(value), 100 * float(low), 100 * float(high), len(flat))


def average_precision(histograms: FloatArray) -> FloatArray:
    """Average precision float (R,) of R histograms (R, 2, L); 0 where there is no object pixel."""
    above = histograms[:, :, ::-1].cumsum(axis=2)  # from the highest level down
    false, true = above[:, 0], above[:, 1]
    tiny = np.finfo(np.float64).tiny
    precision = true / np.maximum(false + true, tiny)
    recall_steps = histograms[:, 1, ::-1] / np.maximum(true[:, -1:], tiny)
    total: FloatArray = (precision * recall_steps).sum(axis=1)
    return total


def _hits_at_best(ious: NDArray[np.float32], level: float) -> FloatArray:
    hits = ious >= np.float32(level)
    return hits[:, hits.mean(axis=0).argmax()].astype(np.float64)
