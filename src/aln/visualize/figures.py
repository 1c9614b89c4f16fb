"""What figures with axes share: colours that everybody can tell apart, the look of a panel, saving."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from aln.visualize.drawing import MOST_BYTES, write_png

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, ORANGE, GREEN, VIOLET = "#1f6fb4", "#d9541e", "#3a8f5c", "#7a5195"


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of this size in inches, 100 pixels each, apart from pyplot and its state."""
    from matplotlib.figure import Figure  # noqa: PLC0415  (slow to import)

    return Figure(figsize=(width, height), dpi=100, layout="constrained")


def plain(axes: Axes) -> None:
    """A faint grid, small ticks, no frame at the top and the right."""
    axes.tick_params(labelsize=8)
    axes.grid(alpha=0.25, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure as PNG of at most 256 colours, of fewer where it would be larger than `MOST_BYTES`.

    Raises:
        DataError: If the file can't be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415  (slow to import)

    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]
    pixels = np.asarray(canvas.buffer_rgba())[..., :3]  # type: ignore[no-untyped-call]
    write_png(path, pixels, colours=256, most_bytes=MOST_BYTES)
