"""The pictures of a benchmark: figures from what was measured, sheets from photographs."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from aln.benchmark.config import REFERENCE
from aln.benchmark.measure import kept_files
from aln.benchmark.plan import Run
from aln.benchmark.results import Results
from aln.data import open_images, open_truth
from aln.data.base import LabelledImages
from aln.errors import NothingMissedError
from aln.evaluation.trivial import TRIVIAL_METHODS
from aln.localizer import Localizer
from aln.measure import required_truth
from aln.model_io import WEIGHTS
from aln.sheets import Entry, compare, worst_misses
from aln.visualize import Sample, accuracy_curves, iou_histograms, sample_sheet, write_png
from aln.visualize.drawing import MOST_BYTES, Picture

SHEET_SAMPLES = 24
COLOURS = 128
HALF = "fixed:0.5"


def draw_overlaps(results: Results, out: Path) -> None:
    """IoU histograms and accuracy curves of every method with the rules of the summary.

    Of each training the first seed of which figures of single images are kept; the page names those without.
    Pictures that are there are left as they are where none are kept of the reference.

    Raises:
        DataError: If a picture can't be written.
    """
    name, overlaps = results.benchmark.name, _overlaps(results)
    histograms, curves = (out / f"{name}-{end}.png" for end in ("histograms", "curves"))
    poorer = results.benchmark.reference not in results.tables and histograms.exists() and curves.exists()
    if overlaps and not poorer:
        iou_histograms(overlaps, histograms)
        accuracy_curves(overlaps, curves, baseline="center_box")


def _overlaps(results: Results) -> dict[str, NDArray[np.floating]]:
    found: dict[str, NDArray[np.floating]] = {}
    benchmark = results.benchmark
    for training in benchmark.trainings:
        table = next(iter(results.tables.get(training.name, {}).values()), None)
        if table is None:
            continue
        trivial = TRIVIAL_METHODS if training.name == benchmark.reference else ()
        for method in (*trivial, *benchmark.methods_of(training)):
            rules = table.rules(method)
            for rule in rules:
                if method in TRIVIAL_METHODS or rule in benchmark.summarised(method):
                    name = method if training.kind == "classifier" else training.name
                    shown = name if rule == rules[0] else f"{name}, {rule}"
                    if training.kind == "classifier" and training.name != benchmark.reference:
                        shown = f"{shown} ({training.name})"
                    found[shown] = table.get(method, rule)
    return found


def draw_photographs(runs: Sequence[Run], results: Results, out: Path, console: Console) -> None:
    """The sheets: sample masks, all methods on the same photographs, the worst misses of ALN.

    A sheet that is newer than the models and what was measured of them is left as it is, and so is one of
    which a model is not here.
    Sheets are made of the first seed of each training that is done.

    Raises:
        AlnError: For photographs that can't be read, or a picture that can't be written.
    """
    benchmark = runs[0].benchmark
    first: dict[str, Run] = {}
    for run in runs:
        if run.finished:
            first.setdefault(run.training.name, run)
    reference = first.get(benchmark.reference)
    if reference is None:
        return
    made = [path for run in first.values() for path in (run.folder / WEIGHTS, *kept_files(run))]
    newest = max(path.stat().st_mtime for path in made)

    def missing(end: str) -> Path | None:
        path = out / f"{benchmark.name}-{end}.png"
        return None if path.exists() and path.stat().st_mtime > newest else path

    if path := missing("sheet"):
        write_png(path, _sheet(reference), colours=COLOURS, most_bytes=MOST_BYTES)
    others = {training.name for training in benchmark.trainings if training.kind != "classifier"}
    compared = [run for name, run in first.items() if run is reference or name in others]
    path = missing("comparison")
    if path and (not path.exists() or others.intersection(results.trainings) <= first.keys()):
        picture = _comparison(compared, reference, console)
        write_png(path, picture, colours=COLOURS, most_bytes=MOST_BYTES)
    if path := missing("failures"):
        data = reference.config.data
        entry = Entry(_localizer(reference), REFERENCE, benchmark.rules[0])
        with suppress(NothingMissedError):
            picture = worst_misses(
                entry, open_images(data, "test"), required_truth(data, "test"), console=console
            )
            write_png(path, picture, colours=COLOURS, most_bytes=MOST_BYTES)


def _comparison(runs: Sequence[Run], reference: Run, console: Console) -> Picture:
    """Every method of the reference, then the one of each peer and ceiling."""
    entries = {}
    for run in runs:
        localizer = _localizer(run)
        trivial = TRIVIAL_METHODS if run is reference else ()
        for method in (*trivial, *run.benchmark.methods_of(run.training)):
            name = method if run is reference else run.training.name
            rule = HALF if method in TRIVIAL_METHODS else run.benchmark.rules[0]
            entries[name] = Entry(localizer, method, rule)
    data = reference.config.data
    return compare(entries, open_images(data, "test"), open_truth(data, "test"), console=console)


def _localizer(run: Run) -> Localizer:
    return Localizer.load(run.folder, run.config.training.device)


def _sheet(run: Run) -> Picture:
    """Sample masks as on the poster, of images picked by their place in the test split."""
    images, truth = open_images(run.config.data, "test"), required_truth(run.config.data, "test")
    chosen = sheet_indices(images)
    pixels = [images.read(index) for index in chosen]
    names = [images.image_id(index) for index in chosen]
    found = _localizer(run).localize(pixels, rule=run.benchmark.rules[0])
    return sample_sheet(
        Sample(image, f.score_map, f.mask, truth[name].boxes[0] if name in truth else None, f.boxes[0])
        for name, image, f in zip(names, pixels, found, strict=True)
    )


def sheet_indices(images: LabelledImages) -> list[int]:
    """About `SHEET_SAMPLES` images, the first ones of each class, classes in turn."""
    of_class: list[list[int]] = [[] for _ in images.class_names]
    for index in range(len(images)):
        of_class[images.label(index)].append(index)
    rounds = max(1, SHEET_SAMPLES // len(of_class))
    return [indices[r] for r in range(rounds) for indices in of_class if len(indices) > r][:SHEET_SAMPLES]
