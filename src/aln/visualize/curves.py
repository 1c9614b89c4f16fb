"""How a training run went, as four small panels."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from itertools import pairwise
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from aln.errors import DataError
from aln.visualize.figures import BLUE, GREEN, ORANGE, VIOLET, new_figure, plain, save_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Record = Mapping[str, Any]


class Panel(NamedTuple):
    """One panel; `curves` maps a key of the records to its legend and colour."""

    title: str
    scale: Literal["fraction", "log", "linear"]
    curves: Mapping[str, tuple[str, str]]


PANELS = (
    Panel(
        "accuracy",
        "fraction",
        {"clean_accuracy": ("clean images", BLUE), "corrupted_accuracy": ("corrupted images", ORANGE)},
    ),
    Panel("mean occluded area", "fraction", {"area": ("area", GREEN)}),
    Panel("weight of the area, λ", "log", {"area_weight": ("λ", VIOLET)}),
    Panel(
        "loss",
        "linear",
        {"classifier_loss": ("classifier", BLUE), "corruption_loss": ("corruption net", ORANGE)},
    ),
)


def training_curves(log: Path | Iterable[Record], path: Path) -> None:
    """Draw accuracies, occluded area, λ and losses over the epochs into one PNG.

    Args:
        log: A JSONL file or its records, with "epoch" and any of the keys of `PANELS`. Keys may be missing
            in some epochs, and what isn't finite is left out, as are lines that are no complete JSON objects
            (of a run that was killed). A vertical line marks where "phase" changes.
        path: The PNG to write.

    Raises:
        DataError: If the log can't be read, holds no epoch, or the picture can't be written.
    """

    records = _read(log) if isinstance(log, Path) else list(log)
    records = [record for record in records if _finite(record.get("epoch"))]
    if not records:
        raise DataError(
            f"{log if isinstance(log, Path) else 'the training log'}: holds no epoch, nothing to draw"
        )
    figure = new_figure(9.0, 5.4)
    figure.supxlabel("epoch", fontsize=9)
    for axes, panel in zip(figure.subplots(2, 2, sharex=True).flat, PANELS, strict=True):
        _draw(axes, panel, records)
    save_figure(figure, path)


def _draw(axes: Axes, panel: Panel, records: list[Record]) -> None:
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415  (slow to import)

    for key, (legend, colour) in panel.curves.items():
        points = [(record["epoch"], record[key]) for record in records if _finite(record.get(key))]
        shown = [(x, y) for x, y in points if y > 0 or panel.scale != "log"]
        if shown:
            marker = "o" if len(shown) < 40 else None
            axes.plot(*zip(*shown, strict=True), color=colour, label=legend, marker=marker, markersize=3)
    if len(axes.lines) > 1:
        axes.legend(frameon=False, fontsize=8)
    for epoch in _phase_changes(records):
        axes.axvline(epoch, color="#9a9aa2", linewidth=1, linestyle=(0, (4, 3)))
    if panel.scale == "log":
        axes.set_yscale("log")
    if panel.scale == "fraction":
        axes.set_ylim(-0.02, 1.02)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))  # there is no half epoch
    axes.set_title(panel.title, loc="left", fontsize=10)
    plain(axes)


def _phase_changes(records: list[Record]) -> list[float]:
    """Half-way between the epochs where "phase" changes."""
    phased = [record for record in records if "phase" in record]
    return [(a["epoch"] + b["epoch"]) / 2 for a, b in pairwise(phased) if a["phase"] != b["phase"]]


def _finite(value: object) -> bool:
    return isinstance(value, int | float) and isfinite(value)


def _read(path: Path) -> list[Record]:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise DataError(f"{path}: can't be read ({error.strerror})") from error
    records = [_parsed(line) for line in lines]
    return [record for record in records if isinstance(record, dict)]


def _parsed(line: str) -> object:
    try:
        return json.loads(line)
    except json.JSONDecodeError:
        return None
