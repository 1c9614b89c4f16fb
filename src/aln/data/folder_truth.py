"""Boxes from a CSV file and masks from a folder tree for photographs in class folders, for evaluation."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from aln.data.images import read_bytes, read_image
from aln.data.truth import Boxes, Mask, boxes_around
from aln.errors import DataError

COLUMNS = ("image", "x0", "y0", "x1", "y1")


def read_boxes(path: Path, image_ids: set[str]) -> dict[str, Boxes]:
    """Read `image,x0,y0,x1,y1` rows, one box each, half-open in original pixels, under a header line.

    Raises:
        DataError: For a missing column, a corner that is no number, or an image that is not among
            `image_ids`; names the file and the line.
    """
    try:
        lines = read_bytes(path).decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: is not UTF-8 text; save it as CSV in UTF-8") from error
    reader = csv.DictReader(lines)
    missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
    if missing:
        header = ",".join(COLUMNS)
        raise DataError(f"{path}: has no column {', '.join(missing)}; its first line must be {header}")
    boxes: dict[str, list[list[float]]] = defaultdict(list)
    for row in reader:
        where = f"{path}: line {reader.line_num}"
        if row["image"] not in image_ids:
            name = row["image"]
            raise DataError(f"{where}: there is no photograph {name!r}; write it as <class>/<file name>")
        boxes[row["image"]].append(_corners(row, where))
    return {image_id: np.array(rows, np.float32) for image_id, rows in boxes.items()}


class MaskFolder:
    """Masks `<folder>/<class>/<stem>.png` of photographs `<root>/<class>/<stem>.*`; all but 0 is object."""

    def __init__(self, root: Path, folder: Path, image_ids: Sequence[str]) -> None:
        self._root = root
        names = {image_id: PurePosixPath(image_id).with_suffix(".png") for image_id in image_ids}
        self._paths = {image_id: folder / name for image_id, name in names.items()}

    def read(self, image_id: str) -> tuple[Mask | None, None]:
        """(mask, no ignored pixels) of an image; (None, None) where it has no mask."""
        path = self._paths[image_id]
        if not path.is_file():
            return None, None
        mask = _read_mask(path)
        shape = read_image(self._root / image_id).shape[:2]
        if mask.shape != shape:
            height, width = shape
            found = f"{mask.shape[1]}x{mask.shape[0]} pixels"
            raise DataError(f"{path}: is {found}, its photograph {width}x{height}; save it in that size")
        return mask, None

    def boxes(self) -> dict[str, Boxes]:
        """The box around each mask, by image id; reads them all."""
        there = {image_id: path for image_id, path in self._paths.items() if path.is_file()}
        return {image_id: boxes_around(_read_mask(path)) for image_id, path in there.items()}


def _read_mask(path: Path) -> Mask:
    mask: Mask = read_image(path).max(axis=2) > 0
    return mask


def _corners(row: dict[str, str], where: str) -> list[float]:
    try:
        return [float(row[column]) for column in COLUMNS[1:]]
    except (TypeError, ValueError) as error:
        raise DataError(f"{where}: x0, y0, x1 and y1 must be numbers; correct the line") from error
