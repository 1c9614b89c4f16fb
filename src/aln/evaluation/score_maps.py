"""Measure a folder of score maps made by any tool, under `choe2020`; needs no model and no photographs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from aln.errors import ConfigError, DataError
from aln.evaluation import choe2020, summary
from aln.evaluation.bootstrap import Estimate, mean_estimates
from aln.evaluation.metrics import CORRECT_IOU
from aln.evaluation.rows import ALL_THRESHOLDS, BEST_THRESHOLD, Row
from aln.evaluation.wsol_metadata import Masks, read_metadata

Mask = NDArray[np.bool_]


@dataclass(eq=False)
class _Figures:
    """Figures of each image: IoU of its boxes at each threshold, or its histogram of pixels."""

    largest: list[NDArray[np.float32]] = field(default_factory=list)
    best: list[NDArray[np.float32]] = field(default_factory=list)
    histograms: list[NDArray[np.float32]] = field(default_factory=list)


def evaluate_score_maps(
    folder: Path,
    metadata: Path,
    *,
    masks: Path | None = None,
    step: float = choe2020.STEP,
    progress: Callable[[int, int], None] | None = None,
) -> list[Row]:
    """MaxBoxAcc and MaxBoxAccV2 of score maps, or PxAP where the metadata names masks.

    Values equal those of clovaai/wsolevaluation bit for bit where maps have 224 × 224 pixels, as there;
    others are resized first, which that evaluator doesn't.

    Args:
        folder: Holds `<image id>.npy`, or the same without the image's suffix: numbers (H, W) in [0, 1].
        metadata: Folder with the four text files of a split; see `wsol_metadata`.
        masks: Folder that mask files are named from; needed where the metadata names masks.
        step: From one threshold to the next, above 0 and at most 1.
        progress: Called after each image with the number done and the number of all.

    Raises:
        ConfigError: If `step` is out of range, or `masks` is missing.
        DataError: For a file that is missing or malformed; names it.
    """
    if not 0 < step <= 1:
        raise ConfigError(f"threshold step {step:g} must be above 0 and at most 1, e.g. 0.01")
    known = read_metadata(metadata)
    if known.masks and masks is None:
        raise ConfigError(
            f"{metadata}: its localization.txt names mask files; say where they are with --masks"
        )
    at = choe2020.thresholds(step)
    figures = _Figures()
    for done, image_id in enumerate(known.labels, start=1):
        score_map = choe2020.at_side(_score_map(folder, image_id))
        if masks is not None and known.masks:
            mask, ignore = _masks(masks, known.masks[image_id])
            histogram = choe2020.histogram(score_map, mask, ignore, at)
            figures.histograms.append(histogram.astype(np.float32))
        else:
            boxes = [choe2020.resized_box(box, *known.sizes[image_id]) for box in known.boxes[image_id]]
            curves = choe2020.curves(score_map, boxes, at)
            figures.largest.append(curves.largest)
            figures.best.append(curves.best)
        if progress is not None:
            progress(done, len(known.labels))
    return [
        Row(
            dataset=metadata.resolve().name,
            method=folder.resolve().name,
            preset="none",
            seed=0,
            rule=rule,
            protocol="choe2020",
            metric=metric,
            value=estimate.value,
            ci_low=estimate.ci_low,
            ci_high=estimate.ci_high,
            n_images=estimate.n_images,
            ms_per_image=0.0,
        )
        for metric, rule, estimate in _estimates(figures)
    ]


def _estimates(figures: _Figures) -> list[tuple[str, str, Estimate]]:
    """Intervals are bootstrapped as everywhere; values have the reference's own order of arithmetic."""
    if figures.histograms:
        histograms = np.stack(figures.histograms)
        value = choe2020.px_ap(histograms.astype(np.float64))
        return [("px_ap", ALL_THRESHOLDS, replace(summary.px_ap(histograms), value=value))]
    largest, best = np.stack(figures.largest), np.stack(figures.best)
    hits = np.stack([summary.max_box_acc(largest), summary.max_box_acc_v2(best)], axis=1)
    one, v2 = mean_estimates(hits)
    levels = [round(100 * level) for level in summary.V2_IOUS]
    value = choe2020.max_box_accuracies(largest, [round(100 * CORRECT_IOU)])[0]
    value_v2 = float(np.average(choe2020.max_box_accuracies(best, levels)))
    return [
        ("max_box_acc", BEST_THRESHOLD, replace(one, value=value)),
        ("max_box_acc_v2", BEST_THRESHOLD, replace(v2, value=value_v2)),
    ]


def _score_map(folder: Path, image_id: str) -> choe2020.ScoreMap:
    named = folder / f"{image_id}.npy"
    file = named if named.is_file() else (folder / image_id).with_suffix(".npy")
    try:
        score_map = np.load(file, allow_pickle=False)
    except OSError as error:
        raise DataError(
            f"{named}: can't be read ({error.strerror or error}); name the folder that holds it"
        ) from error
    except (ValueError, EOFError) as error:
        raise DataError(f"{file}: is no NumPy array ({error})") from error
    if not isinstance(score_map, np.ndarray) or score_map.ndim != 2 or not score_map.size:
        raise DataError(f"{file}: a score map has the shape (height, width)")
    if score_map.dtype.kind not in "fiub":
        raise DataError(f"{file}: a score map holds numbers, not {score_map.dtype}")
    scores = score_map.astype(np.float64)
    if not (scores.min() >= 0 and scores.max() <= 1):  # also where it holds a NaN
        raise DataError(f"{file}: scores must lie in [0, 1]; stretch each map to that range")
    return scores


def _masks(folder: Path, files: Masks) -> tuple[Mask, Mask]:
    """The object and what doesn't count, bool (224, 224) each."""
    mask = np.any([_mask(folder / file) for file in files.objects], axis=0)
    return mask, _mask(folder / files.ignore) if files.ignore else np.zeros_like(mask)


def _mask(file: Path) -> Mask:
    try:
        grey = cv2.imdecode(np.fromfile(file, np.uint8), cv2.IMREAD_GRAYSCALE)
    except (OSError, cv2.error) as error:
        raise DataError(f"{file}: can't be read ({error})") from error
    if grey is None:
        raise DataError(f"{file}: is no image")
    return choe2020.mask_at_side(np.asarray(grey))
