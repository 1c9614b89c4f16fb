"""Thresholds chosen on images whose boxes may be seen (`train-fullsup`), one for each method."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from aln.data.base import GroundTruth, LabelledImages
from aln.errors import DataError
from aln.evaluation.evaluate import annotated_batches
from aln.evaluation.metrics import CORRECT_IOU
from aln.evaluation.protocols import THRESHOLDS, exact_box_curves
from aln.localizer import Localizer


def choose_thresholds(
    localizer: Localizer,
    images: LabelledImages,
    truth: GroundTruth,
    methods: Sequence[str],
    *,
    max_images: int = 0,
    progress: Callable[[int], None] | None = None,
) -> dict[str, float]:
    """For each method the fixed threshold with the highest Metric 1; the lowest of equals.

    Meant for the split `train-fullsup`, never for images that are measured afterwards. Images that can't be
    read are passed over.

    Args:
        localizer: The trained model.
        images: The images to choose on.
        truth: Their boxes.
        methods: Names of methods.
        max_images: At most this many images, evenly spaced; 0: all.
        progress: Called with the number of images of each batch that is done.

    Raises:
        ConfigError: For an unknown method.
        ModelError: If the model lacks a network or a class that is needed.
        DataError: If no image is left.
    """
    tasks = {method: localizer.task(method) for method in methods}
    hits = {method: np.zeros(len(THRESHOLDS), np.int64) for method in tasks}
    count = 0
    annotated = annotated_batches(
        localizer, images, truth, max_images=max_images, on_error=lambda _name, _error: None
    )
    for batch, truths in annotated:
        inputs = localizer.prepare([photograph.image for photograph in batch])
        labels = [photograph.label or 0 for photograph in batch]
        for method, task in tasks.items():
            raw = localizer.raw_scores(inputs, labels, task)
            for scores, photograph, true in zip(raw, batch, truths, strict=True):
                curve = exact_box_curves(localizer.score_map(scores, photograph.image, task), true).largest
                hits[method] += curve >= np.float32(CORRECT_IOU)
        count += len(batch)
        if progress is not None:
            progress(len(batch))
    if not count:
        raise DataError(f"{images.name}: no image with a box to choose thresholds on")
    return {method: float(THRESHOLDS[right.argmax()]) for method, right in hits.items()}
