"""All ablations in one picture: a row of panels each, a dot for every seed, a bar for their mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from aln.ablation.measuring import RANDOM
from aln.ablation.registry import Ablation
from aln.ablation.report import ArmRow
from aln.visualize import write_png

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BLUE, SKY, ORANGE, GREEN, GREY = "#1f6fb4", "#8fbfe6", "#d9541e", "#3a8f5c", "#9a9aa2"

LEVEL, SLANTED = 3, 6
"""As many names of arms fit below an axis level, and slanted."""


class Series(NamedTuple):
    """One kind of dots in a panel: whose row, which figure, and how it is drawn."""

    method: str
    metric: str
    legend: str
    colour: str


PANELS: dict[str, tuple[Series, ...]] = {
    "accuracy lost under the masks, points": (
        Series("aln", "drop_own", "own classifier", BLUE),
        Series(RANDOM, "drop_own", "own, random masks", SKY),
        Series("aln", "drop_others", "other classifiers", ORANGE),
        Series(RANDOM, "drop_others", "others, random masks", GREY),
    ),
    "pieces of a mask": (
        Series("aln", "components", "masks", BLUE),
        Series(RANDOM, "components", "random masks", GREY),
    ),
    "outline per area": (
        Series("aln", "boundary", "masks", BLUE),
        Series(RANDOM, "boundary", "random masks", GREY),
    ),
    "masked area, percent": (Series("aln", "area", "masks", BLUE),),
    "Metric 1, percent": (
        Series("aln", "metric_1", "ALN", GREEN),
        Series("center_box", "metric_1", "best centred box", GREY),
    ),
    "mask IoU, percent": (
        Series("aln", "mask_iou", "ALN", GREEN),
        Series("center_box", "mask_iou", "best centred box", GREY),
    ),
}
"""What is drawn; a panel whose figures no arm has (mask IoU where there are boxes alone) is left out."""


def write_figure(ablations: Mapping[str, Ablation], rows: Sequence[ArmRow], path: Path) -> None:
    """Draw all arms that have rows, at least one, as one PNG.

    Raises:
        DataError: If the picture can't be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415  (slow to import)
    from matplotlib.figure import Figure  # noqa: PLC0415

    shown = [name for name in ablations if any(row.ablation == name for row in rows)]
    known = {(row.row.method, row.row.metric) for row in rows}
    panels = {t: s for t, s in PANELS.items() if any((one.method, one.metric) in known for one in s)}
    height = 3.6 if any(len(ablations[name].arms) > SLANTED for name in shown) else 2.9
    figure = Figure(figsize=(3.1 * len(panels), height * len(shown)), dpi=100, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    for name, line in zip(shown, figure.subplots(len(shown), len(panels), squeeze=False), strict=True):
        own = [row for row in rows if row.ablation == name]
        arms = [arm.name for arm in ablations[name].arms if any(row.arm == arm.name for row in own)]
        line[0].set_ylabel(name, fontsize=11, fontweight="bold")
        for axes, (title, series) in zip(line, panels.items(), strict=True):
            _draw(axes, title, series, arms, own)
    canvas.draw()  # type: ignore[no-untyped-call]
    write_png(path, np.asarray(canvas.buffer_rgba())[..., :3], colours=256)  # type: ignore[no-untyped-call]


def _draw(
    axes: Axes, title: str, series: Sequence[Series], arms: Sequence[str], rows: Sequence[ArmRow]
) -> None:
    for number, (method, metric, legend, colour) in enumerate(series):
        aside = min(0.22, 0.64 / len(series)) * (number - (len(series) - 1) / 2)
        for place, arm in enumerate(arms):
            found = [r.row for r in rows if (r.arm, r.row.method, r.row.metric) == (arm, method, metric)]
            values = [row.value for row in found]
            if values:
                axes.plot([place + aside] * len(values), values, "o", color=colour, markersize=3, alpha=0.6)
                label = legend if place == 0 else None
                axes.plot(place + aside, fmean(values), "_", color=colour, markersize=11, mew=2, label=label)
    rotation = 90 if len(arms) > SLANTED else 25 if len(arms) > LEVEL else 0
    names = arms if rotation == 90 else [arm.replace(", ", ",\n") for arm in arms]
    axes.set_xticks(range(len(arms)), names, fontsize=8, rotation=rotation)
    axes.set_xlim(-0.6, len(arms) - 0.4)
    axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
    axes.set_title(title, loc="left", fontsize=10)
    axes.tick_params(labelsize=8)
    axes.grid(alpha=0.25, linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    if len(series) > 1:
        axes.legend(frameon=False, fontsize=7)
