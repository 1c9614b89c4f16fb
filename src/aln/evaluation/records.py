"""The figures of one method, gathered image by image, and what they come to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from aln.boxes import FloatArray
from aln.data.base import Truth
from aln.evaluation import metrics, summary
from aln.evaluation.bootstrap import Estimate, mean_estimates
from aln.evaluation.protocols import EvaluationProtocol
from aln.evaluation.rows import ALL_THRESHOLDS, AT_MAXIMUM, BEST_THRESHOLD
from aln.localization import Localization

Key = tuple[str, str]
"""Name of a metric, and the threshold rule it was taken with."""

BOX_IOU = "box_iou"
"""Kept for each image, and no figure of the data set."""


class Record:
    """Figures of one method; a few kilobytes an image."""

    def __init__(self, protocol: EvaluationProtocol) -> None:
        self._protocol = protocol
        self._columns: dict[Key, list[float]] = defaultdict(list)
        self._largest: list[FloatArray] = []
        self._best: list[FloatArray] = []
        self._histograms: list[FloatArray | None] = []

    def add_map(self, score_map: FloatArray, truth: Truth) -> None:
        """Score one image's map; exactly once an image."""
        curves = self._protocol.box_curves(score_map, truth)
        self._largest.append(curves.largest)
        self._best.append(curves.best)
        self._histograms.append(self._protocol.pixel_histogram(score_map, truth))
        self._columns["pointing", AT_MAXIMUM].append(metrics.pointing_game(score_map, truth))

    def add_boxes(self, found: Localization, truth: Truth, label: int, rule: str) -> None:
        """Score one image's boxes and mask; once for each image and rule. `label` is the true class."""
        self._columns[BOX_IOU, rule].append(metrics.box_iou(found, truth))
        self._columns["metric_1", rule].append(metrics.gt_known_loc(found, truth))
        self._columns["metric_2", rule].append(metrics.top1_loc(found, truth, label))
        self._columns["mask_iou", rule].append(metrics.mask_iou(found, truth))

    def columns(self) -> dict[Key, NDArray[np.float64]]:
        """Every figure of each image, (n,); the oracles at the threshold that is best on all n.

        Figures that no image has are left out; where only some have a true mask, others are NaN.
        """
        columns = self._columns_of(np.arange(len(self._best)))
        return {key: values for key, values in columns.items() if not np.isnan(values).all()}

    def estimates(self, chosen: NDArray[np.bool_]) -> Iterator[tuple[Key, Estimate]]:
        """Every figure over the chosen images, bool (n,), at least one of them.

        Mask figures are over those with a true mask, and left out where there is none.
        """
        index = np.flatnonzero(chosen)
        columns = {key: c for key, c in self._columns_of(index).items() if key[0] != BOX_IOU}
        for masked in (False, True):
            yield from _means({key: c for key, c in columns.items() if (key[0] == "mask_iou") == masked})
        histograms = [h for i in index if (h := self._histograms[i]) is not None]
        if histograms:
            yield ("px_ap", ALL_THRESHOLDS), summary.px_ap(np.stack(histograms))

    def _columns_of(self, index: NDArray[np.intp]) -> dict[Key, NDArray[np.float64]]:
        columns = {key: np.array(values, np.float64)[index] for key, values in self._columns.items()}
        columns["max_box_acc", BEST_THRESHOLD] = summary.max_box_acc(np.stack(self._largest)[index])
        columns["max_box_acc_v2", BEST_THRESHOLD] = summary.max_box_acc_v2(np.stack(self._best)[index])
        return columns


def _means(columns: dict[Key, NDArray[np.float64]]) -> Iterator[tuple[Key, Estimate]]:
    """Means of columns that are NaN for the same images, if at all; one draw of resamples serves them all."""
    values = np.stack(list(columns.values()), axis=1)
    values = values[~np.isnan(values).any(axis=1)]
    if len(values):
        yield from zip(columns, mean_estimates(values), strict=True)
