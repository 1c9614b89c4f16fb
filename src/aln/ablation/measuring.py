"""The figures of one arm: its boxes on the `test` split, the shape of its masks, and whom they confuse."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from torch import Tensor

from aln.ablation.transfer import Victims, artifact_columns
from aln.boxes import parse_rule
from aln.config import Config
from aln.data import open_images, revision
from aln.data.base import LabelledImages
from aln.errors import DataError, ModelError
from aln.evaluation.bootstrap import mean_estimates
from aln.evaluation.report import read_rows, write_rows
from aln.evaluation.rows import Row
from aln.evaluation.trivial import spaced
from aln.localizer import Localizer
from aln.measure import evaluate_run
from aln.model_io import fingerprint
from aln.sources import Photograph, batches

VERSION = "3"
"""Goes up when figures of an earlier `aln` are to be taken again."""

OWN, RANDOM = "aln", "random"
"""What rows call an arm's own masks and boxes, whichever method it localizes with, and random masks of the
same area.
"""

COUNTS = ("components", "boundary")
"""Figures that are plain numbers; all others are in percent."""

MEASURED = ("metric_1", "metric_1_small", "mask_iou", "pointing", "classification_accuracy")
"""Figures of the boxes and maps that are kept, of those that `aln evaluate` takes."""


def arm_rows(
    folder: Path, start: Path, others: Sequence[Path], config: Config, *, max_images: int, console: Console
) -> list[Row]:
    """All figures of one arm on the `test` split; taken once for the models involved, and kept in its folder.

    Args:
        folder: The arm's model folder.
        start: The model folder that it began with.
        others: Model folders of independently trained classifiers.
        config: The arm's settings: its photographs, and the method and rule that it localizes with.
        max_images: Measure on at most this many images; 0: on all.
        console: Where progress goes.

    Raises:
        AlnError: For photographs without boxes, or where a model can't be read.
    """
    data, method, rule = config.data, config.localize.method, config.localize.rule
    involved = [VERSION, str(max_images), method, rule, *map(fingerprint, (folder, start, *others))]
    involved += filter(None, [revision(data)])
    kept = folder / f"test-rows-{hashlib.sha256(' '.join(involved).encode()).hexdigest()[:12]}.json"
    if kept.exists():
        return read_rows(kept)
    localizer = replace(Localizer.load(folder), config=config)
    measured, failures = evaluate_run(
        folder, data, methods=[method], rules=[rule], max_images=max_images, console=console
    )
    if failures:
        raise DataError("images of the test split could not be read: " + "; ".join(failures.values()))
    rows = [row for row in measured if row.metric in MEASURED]
    rows = [replace(row, method=OWN) if row.method == method else row for row in rows]
    like = next(row for row in rows if row.method == OWN)
    victims = _victims(folder, start, others)
    rows += artifact_rows(localizer, victims, open_images(data, "test"), like, max_images)
    write_rows(rows, kept)
    return rows


def artifact_rows(
    localizer: Localizer, victims: Victims, images: LabelledImages, like: Row, max_images: int = 0
) -> list[Row]:
    """Figures of `artifact_columns` over all images of a data set, otherwise like the row `like`."""
    rule = parse_rule(localizer.config.localize.rule)
    prepared = _prepared(localizer, images, max_images)
    columns = artifact_columns(localizer.networks, rule, victims, prepared)
    estimates = mean_estimates(np.stack(list(columns.values()), axis=1))
    rows = []
    for (whose, metric), found in zip(columns, estimates, strict=True):
        scale = 0.01 if metric in COUNTS else 1.0
        figures = {key: scale * getattr(found, key) for key in ("value", "ci_low", "ci_high")}
        method = like.method if whose == OWN else RANDOM
        rows.append(replace(like, method=method, metric=metric, n_images=found.n_images, **figures))
    return rows


def _victims(folder: Path, start: Path, others: Sequence[Path]) -> Victims:
    own, first, *rest = (Localizer.load(path) for path in (folder, start, *others))
    for other in (first, *rest):
        if other.class_names != own.class_names:
            raise ModelError(f"{folder}: knows other classes than the classifiers that see its masks")
    return Victims(
        own.networks.classifier, first.networks.classifier, [other.networks.classifier for other in rest]
    )


def _prepared(
    localizer: Localizer, images: LabelledImages, max_images: int
) -> Iterator[tuple[Tensor, NDArray[np.int64]]]:
    """Batches of prepared images with their class in the model's order."""
    place = [localizer.class_names.index(name) for name in images.class_names]
    photographs = (
        Photograph(images.image_id(index), images.read(index), place[images.label(index)])
        for index in spaced(len(images), max_images)
    )
    for batch in batches(photographs, localizer.config.localize.batch_size):
        labels = np.array([photograph.label for photograph in batch], np.int64)
        yield localizer.prepare([photograph.image for photograph in batch]), labels
