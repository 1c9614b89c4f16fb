"""The reviewed set, for other programs: any annotation format, or a class folder for another training."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

import cv2
import numpy as np

from aln.convert import Tell, nobody, replaced, write_format
from aln.errors import DataError
from aln.export import Dataset
from aln.export.text import number
from aln.localization import Localization
from aln.web.album import link_or_copy
from aln.web.desk import Desk

CLASS_FOLDER = "class-folder"


def accepted(desk: Desk) -> Iterator[Localization]:
    """The accepted reviews in the album's order, one after the other.

    Raises:
        DataError: If a review's file is damaged; names the photograph.
    """
    for entry in desk.album:
        if desk.reviews.states.get(entry.key) != "accepted":
            continue
        review = desk.reviews.load(entry)
        if review is None:
            continue
        yield review.localization(entry.image_id, desk.class_names)


def export(desk: Desk, name: str, tell: Tell = nobody) -> Path:
    """Write the accepted reviews as an annotation format, or as a class folder; returns its folder.

    `tell` is called with a sentence where something was edited in that folder, and it was set aside.

    Raises:
        ConfigError: For an unknown format.
        DataError: If nothing was accepted yet, or something can't be written.
    """
    entries = [entry for entry in desk.album if desk.reviews.states.get(entry.key) == "accepted"]
    if not entries:
        raise DataError("nothing is accepted yet; accept at least one photograph before exporting")
    photographs = desk.album.gathered(entries)
    if name == CLASS_FOLDER:
        return write_class_folder(accepted(desk), desk.reviews.out / CLASS_FOLDER, photographs, tell)
    dataset = Dataset(desk.class_names, photographs)
    return write_format(name, accepted(desk), desk.reviews.out / "annotations" / name, dataset, tell)


def write_class_folder(
    results: Iterable[Localization], folder: Path, photographs: Path, tell: Tell = nobody
) -> Path:
    """Photographs, boxes and masks as the data format "folder" reads them; `folder` is replaced as a whole.

    Photographs are linked (copied where that is impossible) to `<class>/<image id>`, without the id's first
    folder where that is the class already. A mask has the photograph's whole name before its .png: a.jpg may
    lie beside a.png.

    Raises:
        DataError: If a class has no name that a folder may have, or something can't be written.
    """
    with (
        replaced(folder, tell) as beside,
        (beside / "boxes.csv").open("x", encoding="utf-8", newline="") as file,
    ):
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["image", "x0", "y0", "x1", "y1"])
        for found in results:
            place = _place(found)
            link_or_copy(photographs / found.image_id, beside / place)
            rows.writerows([place.as_posix(), *map(number, box)] for box in found.boxes)
            if found.mask.any():
                _write_mask(beside / "masks" / place.with_name(f"{place.name}.png"), found)
    return folder


def _place(found: Localization) -> PurePosixPath:
    name = found.class_name
    if name in {"masks", ".", ".."} or name.startswith(".") or set(name) & set("/\\\0"):
        raise DataError(f"class {name!r}: no class folder can have this name; export another format")
    parts = PurePosixPath(found.image_id).parts
    below = parts[1:] if len(parts) > 1 and parts[0] == name else parts
    # The table of boxes is text: what is no text in a file's name is replaced.
    return PurePosixPath(name, *("".join(c if c.isprintable() else "_" for c in part) for part in below))


def _write_mask(path: Path, found: Localization) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(".png", found.mask.astype(np.uint8) * 255)[1].tobytes())
