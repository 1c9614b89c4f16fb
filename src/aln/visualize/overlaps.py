"""How well boxes fit, method by method: histograms of IoU, and accuracy against the IoU that is asked for.

A panel a method, best first, so that twenty of them stay legible: no colour has to be told from another.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from aln.visualize.comparison import RIGHT_IOU
from aln.visualize.figures import BLUE, ORANGE, new_figure, plain, save_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Overlaps = Mapping[str, NDArray[np.floating]]
"""IoU of each image, float (n,) in 0..1, by the name of the method; NaN where it was not measured."""

BINS = 20
HIGHEST_BAR = 30.0
"""Bars are cut off here, in percent: one method that is always wrong would flatten all others."""

THRESHOLDS = np.arange(101) / 100
COLUMNS = 5
NAME_LENGTH = 26
GREY, DARK = "#c4c4ca", "#26262c"


def accuracy_curve(ious: NDArray[np.floating]) -> NDArray[np.float64]:
    """Percentage (101,) of images whose IoU is at or above each of 0, .01, ..., 1."""
    # IoU is kept as float32, in which 0.7 lies below the double 0.7
    below = np.searchsorted(np.sort(ious.astype(np.float32)), THRESHOLDS.astype(np.float32), side="left")
    return 100 * (len(ious) - below) / len(ious)


def iou_histograms(overlaps: Overlaps, path: Path) -> None:
    """Draw a histogram of IoU for each method, wrong boxes (IoU < 0.5) apart in colour; cut at `HIGHEST_BAR`.

    Args:
        overlaps: At least one method, each with at least one image.
        path: The PNG to write.

    Raises:
        ValueError: If there is no method, or one without images.
        DataError: If the picture can't be written.
    """
    edges = np.linspace(0, 1, BINS + 1)
    ordered = _best_first(overlaps)
    figure, panels = _panels(
        ordered, "IoU of found and true box (in the corner: images at 0.5 or above)", "images [%]"
    )
    highest = 0.0
    colours = [BLUE if left >= RIGHT_IOU else ORANGE for left in edges[:-1]]
    for values, axes in zip(ordered.values(), panels, strict=True):
        shares = 100 * np.histogram(values, edges)[0] / len(values)
        axes.bar(edges[:-1], shares, width=1 / BINS, align="edge", color=colours, edgecolor="white", lw=0.5)
        highest = max(highest, float(shares.max()))
    panels[0].set_ylim(0, 1.25 * min(highest, HIGHEST_BAR))  # room for the figure in the corner
    save_figure(figure, path)


def accuracy_curves(overlaps: Overlaps, path: Path, *, baseline: str | None = None) -> None:
    """Draw for each method how many images it gets right against the IoU that counts as right.

    Every panel repeats the other methods' curves in grey.

    Args:
        overlaps: At least one method, each with at least one image.
        path: The PNG to write.
        baseline: The method whose curve is dashed in every panel, such as the centred box.

    Raises:
        ValueError: If there is no method, or one without images.
        DataError: If the picture can't be written.
    """
    ordered = _best_first(overlaps)
    dashed = f"; dashed: {baseline}" if baseline in ordered else ""
    across = f"IoU from which a box counts as right\n(in the corner: at 0.5; grey: the other methods{dashed})"
    figure, panels = _panels(ordered, across, "accuracy [%]")
    curves = {name: accuracy_curve(values) for name, values in ordered.items()}
    for (name, curve), axes in zip(curves.items(), panels, strict=True):
        for other in curves.values():
            axes.plot(THRESHOLDS, other, color=GREY, linewidth=0.7)
        if baseline is not None and baseline in curves:
            axes.plot(THRESHOLDS, curves[baseline], color=DARK, linewidth=1, linestyle=(0, (3, 2)))
        axes.plot(THRESHOLDS, curve, color=BLUE, linewidth=2, label=name)
        axes.axvline(RIGHT_IOU, color=DARK, linewidth=0.6, alpha=0.5)
    save_figure(figure, path)


def _best_first(overlaps: Overlaps) -> dict[str, NDArray[np.floating]]:
    """By accuracy at IoU 0.5; equals stay in their order."""
    measured = {name: values[~np.isnan(values)] for name, values in overlaps.items()}
    if not measured or not all(len(values) for values in measured.values()):
        raise ValueError("a figure of IoUs needs at least one method, and each of them at least one image")
    return dict(sorted(measured.items(), key=lambda item: -_accuracy(item[1])))


def _accuracy(ious: NDArray[np.floating]) -> float:
    return 100 * float((ious >= RIGHT_IOU).mean())


def _panels(overlaps: Overlaps, across: str, upward: str) -> tuple[Figure, list[Axes]]:
    """A figure with a panel for each method, its name above and its accuracy at IoU 0.5 in the corner."""
    columns = min(COLUMNS, len(overlaps))
    rows = -(-len(overlaps) // columns)
    figure = new_figure(0.6 + 2.0 * max(columns, 2), 0.6 + 1.7 * rows)
    figure.supxlabel(across, fontsize=9)
    figure.supylabel(upward, fontsize=9)
    panels: list[Axes] = []
    for index, (name, values) in enumerate(overlaps.items()):
        first = panels[0] if panels else None
        axes = figure.add_subplot(rows, columns, index + 1, sharex=first, sharey=first)
        axes.set_title(name, loc="left", fontsize=min(9.0, 9.0 * NAME_LENGTH / max(1, len(name))))
        plain(axes)
        axes.tick_params(labelleft=index % columns == 0, labelbottom=index + columns >= len(overlaps))
        right = f"{_accuracy(values):.1f} %"
        axes.text(
            0.98, 0.95, right, transform=axes.transAxes, ha="right", va="top", color=BLUE, weight="bold"
        )
        panels.append(axes)
    panels[0].set_xlim(0, 1)
    panels[0].set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
    return figure, panels
