"""Boxes from a CSV file and masks from a folder tree for photographs in class folders, for evaluation."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path, PurePosixPath

import numpy as np

from aln.data.images import IMAGE_SUFFIXES, read_bytes, read_image, read_mask, read_size
from aln.data.notices import listed, tell
from aln.data.truth import Boxes, Mask, boxes_around
from aln.errors import DataError

COLUMNS = ("image", "x0", "y0", "x1", "y1")

SLACK = 1.0
"""Pixels that a box may reach out of its photograph: tools round, and some count from 1."""


def read_boxes(path: Path, photographs: Mapping[str, Path]) -> dict[str, Boxes]:
    """Read `image,x0,y0,x1,y1` rows, one box each, half-open in original pixels, under a header line.

    Args:
        path: The CSV file.
        photographs: The file of each image id. Where one can't be read its boxes are taken as they are: who
            reads it says what is wrong.

    Raises:
        DataError: For a missing column, a corner that is no number, an image that is not among
            `photographs`, or a box that is empty, relative, or reaches out of its photograph; names the file
            and the line.
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
        image_id = row["image"]
        if image_id not in photographs:
            raise DataError(f"{where}: there is no photograph {image_id!r}; write it as <class>/<file name>")
        boxes[image_id].append(_inside(_corners(row, where), photographs[image_id], where))
    return {image_id: np.array(rows, np.float32) for image_id, rows in boxes.items()}


class MaskFolder:
    """Masks of photographs `<root>/<class>/001.jpg`: `<folder>/<class>/001.jpg.png`, or else `001.png`.

    The longer name is that of results of `aln localize`; the suffix may be in capitals. See `read_mask`.
    Other pictures in `folder` (of no photograph, of one that has another mask, no PNG) are named on standard
    error.
    """

    def __init__(self, root: Path, folder: Path, image_ids: Sequence[str]) -> None:
        self._root, self._folder = root, folder
        there = {path.with_suffix(".png"): path for path in mask_files(folder)}  # a.PNG sorts before a.png
        self._paths = {image_id: _mask_path(folder, image_id, there) for image_id in image_ids}
        if unused := sorted(_pictures(folder) - set(self._paths.values())):
            tell(
                f"{folder}: masks of no photograph, of one that has another, or that are no PNG, are passed "
                f"over ({len(unused)}): {listed([path.relative_to(folder).as_posix() for path in unused])}; "
                "save each as PNG, named as its photograph, in a folder of its class"
            )

    def read(self, image_id: str) -> tuple[Mask | None, None]:
        """(mask, no ignored pixels) of an image; (None, None) where it has no mask."""
        path = self._paths[image_id]
        if not path.is_file():
            return None, None
        mask = read_mask(path)
        shape = read_image(self._root / image_id).shape[:2]
        if mask.shape != shape:
            height, width = shape
            found = f"{mask.shape[1]}x{mask.shape[0]} pixels"
            raise DataError(f"{path}: is {found}, its photograph {width}x{height}; save it in that size")
        return mask, None

    def boxes(self) -> dict[str, Boxes]:
        """The box around each mask, by image id, (0, 4) around an empty one; reads them all.

        Empty masks are named on standard error.
        """
        there = {image_id: path for image_id, path in self._paths.items() if path.is_file()}
        boxes = {image_id: boxes_around(read_mask(path)) for image_id, path in there.items()}
        empty = [there[image_id].relative_to(self._folder) for image_id in boxes if not len(boxes[image_id])]
        if empty:
            tell(
                f"{self._folder}: photographs with an empty mask are left out ({len(empty)}): "
                f"{listed([name.as_posix() for name in empty])}; draw the object in it, or remove the mask"
            )
        return boxes


def mask_files(folder: Path) -> list[Path]:
    """The PNGs below `folder`, sorted."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() == ".png")


def _pictures(folder: Path) -> set[Path]:
    paths = folder.rglob("[!.]*")
    return {path for path in paths if path.suffix.lower() in IMAGE_SUFFIXES and path.is_file()}


def _mask_path(folder: Path, image_id: str, there: Mapping[Path, Path]) -> Path:
    full, short = folder / f"{image_id}.png", folder / PurePosixPath(image_id).with_suffix(".png")
    longer = there.get(full, full)
    return longer if longer.is_file() else there.get(short, short)


def _corners(row: dict[str, str], where: str) -> list[float]:
    try:
        corners = [float(row[column]) for column in COLUMNS[1:]]
    except (TypeError, ValueError) as error:
        raise DataError(f"{where}: x0, y0, x1 and y1 must be numbers; correct the line") from error
    if not all(map(isfinite, corners)):
        raise DataError(f"{where}: x0, y0, x1 and y1 must be finite numbers; correct the line")
    return corners


def _inside(box: list[float], photograph: Path, where: str) -> list[float]:
    """A box, checked, without what reaches out of its photograph by no more than `SLACK`."""
    x0, y0, x1, y1 = box
    said = f"{where}: the box {', '.join(f'{corner:g}' for corner in box)}"
    if x1 <= x0 or y1 <= y0:
        raise DataError(
            f"{said} is empty; write corners, x0 < x1 and y0 < y1, in pixels, no width and height"
        )
    if min(x0, y0) >= 0 and max(x1, y1) <= 1:
        raise DataError(f"{said} is relative to the photograph's size; write its corners in pixels")
    try:
        height, width = read_size(photograph)
    except DataError:
        return box
    inside = [max(x0, 0.0), max(y0, 0.0), min(x1, width), min(y1, height)]
    reaches_out = min(x0, y0) < -SLACK or x1 > width + SLACK or y1 > height + SLACK
    if reaches_out or inside[0] >= inside[2] or inside[1] >= inside[3]:
        raise DataError(
            f"{said} reaches out of its photograph of {width}x{height} pixels (width x height); write its "
            "corners in pixels of this very photograph"
        )
    return inside
