"""A table for spreadsheets and data frames."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from aln.export.base import Dataset, Found, register
from aln.export.text import number, open_text

HEADER = ("image", "width", "height", "label", "score", "x0", "y0", "x1", "y1")


@register("csv")
def write_csv(results: Iterable[Found], folder: Path, _: Dataset) -> None:
    """One table, a row a box: image, width, height, label, score, x0, y0, x1, y1."""
    with open_text(folder / "boxes.csv") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(HEADER)
        for found in results:
            size = (found.image_id, found.width, found.height, found.class_name)
            for box, score in zip(found.boxes, found.box_scores, strict=True):
                table.writerow([*size, round(float(score), 6), *map(number, box)])
