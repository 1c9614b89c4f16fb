"""Pictures of a run: a sheet of sample masks each epoch, the curves at the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from aln.boxes import binarise, boxes_from_mask, normalise, parse_rule
from aln.data.cache import ImageCache
from aln.errors import DataError, TrainingError
from aln.visualize import Sample, sample_sheet, write_png

SHEETS, CURVES = "sheets", "curves.png"

SAMPLES = 16


def sample_indices(cache: ImageCache) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """A few images, evenly over the classes (the cache is sorted by class)."""
    order = np.argsort(cache.labels, kind="stable")
    picked = np.linspace(0, len(order) - 1, min(SAMPLES, len(order))).round().astype(np.int64)
    return np.unique(order[picked])


def write_sheet(path: Path, images: NDArray[np.uint8], maps: Tensor) -> None:
    """Draw images uint8 (N, S, S, 3) with their raw score maps (N, S, S), masks and boxes."""
    rule = parse_rule("paper")
    samples = []
    for image, raw in zip(images, maps.float().cpu().numpy(), strict=True):
        score_map = normalise(raw)
        mask = binarise(score_map, rule)
        boxes, _ = boxes_from_mask(mask, score_map)
        samples.append(Sample(image, score_map, mask, None, boxes[0]))
    write_png(path, sample_sheet(samples))


@contextmanager
def drawing(path: Path) -> Iterator[None]:
    """Tell a picture of a run that can't be written as training tells what it can't write."""
    try:
        yield
    except DataError as error:
        reason = getattr(error.__cause__, "strerror", error)
        raise TrainingError(
            f"{path}: can't be written ({reason}); make room, then continue with --resume"
        ) from error
