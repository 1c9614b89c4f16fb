"""The same photographs under several methods, picked by their place in the data set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console

from aln.config import DataConfig
from aln.data import open_images, open_truth
from aln.data.base import GroundTruth, Image, LabelledImages, Split, Truth
from aln.evaluation.metrics import box_iou
from aln.evaluation.trivial import TRIVIAL_METHODS, spaced
from aln.localization import Localization
from aln.localizer import Localizer
from aln.progress import progress_bar
from aln.sheets.entries import Entry, for_cells, localized
from aln.visualize import Compared, comparison_sheet
from aln.visualize.comparison import NO_BOXES
from aln.visualize.drawing import Picture

WIDE_CELL = 128
"""Side of a cell where the photographs come out pixel by pixel in it, which makes small files."""

CELL = 96
"""Side of any other cell."""


def comparison_of(
    run: Path,
    data: DataConfig,
    methods: Sequence[str],
    *,
    split: Split = "test",
    count: int = 8,
    device: str = "auto",
    console: Console | None = None,
) -> Picture:
    """The same photographs under several methods of one model, RGB uint8 (H, W, 3); see `compare`.

    Boxes are made with the model's own threshold rule, those of the trivial methods half-way.

    Raises:
        AlnError: For a folder that is no model, an unknown method or device, or photographs none of which
            can be read.
    """
    localizer = Localizer.load(run, device)
    for name in methods:
        localizer.task(name)  # better now than after the slow ones
    rules = dict.fromkeys(TRIVIAL_METHODS, "fixed:0.5")
    entries = {name: Entry(localizer, name, rules.get(name)) for name in methods}
    return compare(entries, open_images(data, split), open_truth(data, split), count=count, console=console)


def compare(
    entries: Mapping[str, Entry],
    images: LabelledImages,
    truth: GroundTruth | None,
    *,
    count: int = 8,
    console: Console | None = None,
) -> Picture:
    """Photographs with their true boxes, and what each entry finds in them, RGB uint8 (H, W, 3).

    The photographs are evenly spaced over the data set, whatever comes out for them. Those that can't be read
    are left out.

    Args:
        entries: What is compared, at least one, by the name that heads its column.
        images: The photographs.
        truth: Their boxes, where they are known.
        count: At most how many photographs.
        console: Where the progress bar goes; standard error by default.

    Raises:
        AlnError: For an unknown method, rule or option, or photographs none of which can be read.
    """
    indices = spaced(len(images), count)
    rows: dict[int, Compared] = {}
    with progress_bar(console) as progress:
        bar = progress.add_task("comparing", total=len(entries) * len(indices))
        for name, entry in entries.items():
            for index, pixels, found in localized(entry, images, indices):
                title = images.class_names[images.label(index)]
                true = None if truth is None or found.image_id not in truth else truth[found.image_id]
                row = _compared(title, pixels, found, name, true)
                before = rows.get(index, row)
                rows[index] = row._replace(
                    found={**before.found, **row.found}, ious={**before.ious, **row.ious}
                )
                progress.advance(bar)
    by_pixel = all(WIDE_CELL % max(row.image.shape[:2]) == 0 for row in rows.values())
    return comparison_sheet(rows.values(), cell=WIDE_CELL if by_pixel else CELL)


def _compared(title: str, pixels: Image, found: Localization, name: str, true: Truth | None) -> Compared:
    """A photograph with what one method found in it, small enough for many to wait."""
    image, small, boxes = for_cells(pixels, found, NO_BOXES if true is None else true.boxes)
    ious = {} if true is None else {name: box_iou(found, true)}
    return Compared(image, {name: small}, title, boxes, ious)
