"""The photographs in which a method goes most wrong, and what is wrong with its boxes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console

from aln.config import DataConfig
from aln.data import open_images, open_truth
from aln.data.base import GroundTruth, LabelledImages, Split
from aln.errors import DataError, NothingMissedError
from aln.evaluation.failures import KINDS, Kind, kind_of_miss, worst
from aln.evaluation.metrics import CORRECT_IOU, box_iou
from aln.localization import Localization
from aln.localizer import Localizer
from aln.progress import progress_bar
from aln.sheets.entries import Entry, for_cells, localized
from aln.visualize import Failure, failure_gallery
from aln.visualize.drawing import Picture


def worst_of(
    run: Path,
    data: DataConfig,
    *,
    split: Split = "test",
    method: str | None = None,
    count: int = 24,
    device: str = "auto",
    console: Console | None = None,
) -> Picture:
    """A gallery of a model's worst misses, RGB uint8 (H, W, 3); see `worst_misses`.

    Raises:
        AlnError: For a folder that is no model, an unknown method or device, photographs without boxes, or
            where nothing was missed.
    """
    localizer = Localizer.load(run, device)
    entry = Entry(localizer, method or localizer.config.localize.method)
    truth = open_truth(data, split)
    if truth is None:
        raise DataError(f"{data.path}: has no boxes or masks, so nothing says what was missed")
    return worst_misses(entry, open_images(data, split), truth, count=count, console=console)


def worst_misses(
    entry: Entry,
    images: LabelledImages,
    truth: GroundTruth,
    *,
    count: int = 24,
    console: Console | None = None,
) -> Picture:
    """The misses (IoU < 0.5) of lowest IoU, evenly over the classes, as RGB uint8 (H, W, 3).

    Every photograph that has a box is looked at; the heading tells how many were missed, and of which kinds
    these are (see `kind_of_miss`). Photographs that can't be read are left out.

    Args:
        entry: The model and the method.
        images: The photographs.
        truth: Their boxes.
        count: At most how many misses to show.
        console: Where the progress bar goes; standard error by default.

    Raises:
        NothingMissedError: Where there is no miss.
        AlnError: For an unknown method, rule or option.
    """
    annotated = [index for index in range(len(images)) if images.image_id(index) in truth]
    ious: dict[int, float] = {}
    kinds: dict[int, Kind] = {}
    with progress_bar(console) as progress:
        bar = progress.add_task("localizing", total=len(annotated))
        for index, _, found in localized(entry, images, annotated):
            true = truth[found.image_id]
            ious[index] = box_iou(found, true)
            if ious[index] < CORRECT_IOU:
                kinds[index] = kind_of_miss(found.boxes[0], true.boxes)
            progress.advance(bar)
    seen = list(ious)
    misses = [
        seen[i] for i in worst(np.array(list(ious.values())), [images.label(index) for index in seen], count)
    ]
    if not misses:
        raise NothingMissedError(f"{images.name}: {entry.method} missed nothing in {len(seen)} photographs")
    failures = []
    for index, pixels, found in localized(entry, images, misses):
        image, small, boxes = for_cells(pixels, found, truth[found.image_id].boxes)
        lines = (f"IoU {ious[index]:.2f}, {kinds[index]}", _classes(images, index, found))
        failures.append(Failure(image, boxes, small, lines))
    return failure_gallery(failures, _heading(entry.method, len(seen), list(kinds.values()), len(misses)))


def _classes(images: LabelledImages, index: int, found: Localization) -> str:
    """The true class, and what the classifier takes the photograph for where that is another one."""
    own, true = found.class_names[found.predicted_label], images.class_names[images.label(index)]
    return true if own == true else f"{true} → {own}"


def _heading(method: str, seen: int, kinds: Sequence[Kind], shown: int) -> str:
    counts = Counter(kinds)
    shares = ", ".join(f"{kind} {100 * counts[kind] / len(kinds):.0f} %" for kind in KINDS)
    which = "all of them" if shown == len(kinds) else f"the worst {shown}, evenly over the classes"
    return (
        f"{method} missed {len(kinds)} of {seen} photographs (IoU < 0.5): {shares}. "
        f"Here: {which}. “A → B”: the classifier takes an A for a B."
    )
