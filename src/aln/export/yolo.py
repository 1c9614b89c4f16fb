"""YOLO as Ultralytics reads it: one text file a photograph, numbers as shares of its width and height.

https://docs.ultralytics.com/datasets/detect and https://docs.ultralytics.com/datasets/segment. A line has no
place for a score.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aln.export.base import Dataset, Found, inside, link_photographs, place, register
from aln.export.pieces import pieces
from aln.export.polygon import inner_polygon
from aln.export.text import open_text, to_json

Objects = Callable[[Found], Iterable[NDArray[np.float64]]]

_MISREAD = re.compile(r"(images|.*\.)-*", re.DOTALL)
"""Folders that Ultralytics trips over, see `_apart`, and those that their new names could be taken for."""


@register("yolo", leads=True)
def write_yolo(results: Iterable[Found], folder: Path, dataset: Dataset) -> None:
    """YOLO boxes, with data.yaml ready for training."""
    _write(results, folder, dataset, _boxes)


@register("yolo-seg", leads=True)
def write_yolo_seg(results: Iterable[Found], folder: Path, dataset: Dataset) -> None:
    """YOLO segmentation polygons, with data.yaml ready for training."""
    _write(results, folder, dataset, _polygons)


def _boxes(found: Found) -> Iterable[NDArray[np.float64]]:
    """x and y of the centre, width, height."""
    for box in found.boxes.astype(np.float64):
        yield np.stack([(box[:2] + box[2:]) / 2, box[2:] - box[:2]])


def _polygons(found: Found) -> Iterable[NDArray[np.float64]]:
    for piece in pieces(found):
        yield inner_polygon(piece.crop) + piece.offset


def _write(results: Iterable[Found], folder: Path, dataset: Dataset, objects: Objects) -> None:
    labels = {name: index for index, name in enumerate(dataset.class_names)}
    link_photographs(folder / "images", dataset.photographs)
    # Names that are no valid UTF-8 are the bytes that the file system has.
    with (folder / "train.txt").open(
        "x", encoding="utf-8", errors="surrogateescape", newline="\n"
    ) as listing:
        for found in results:
            where, name = _apart(found.image_id)
            listing.write(f"./{where}images/{name}\n")
            size = np.array([found.width, found.height])
            with open_text(place(folder / where / "labels", name, ".txt")) as file:
                for points in objects(found):
                    numbers = " ".join(f"{value:.9f}" for value in (points / size).ravel())
                    file.write(f"{labels[found.class_name]} {numbers}\n")
            if where:
                link_photographs(folder / where / "images", (dataset.photographs / found.image_id).parent)
    with open_text(folder / "data.yaml") as file:
        file.write("train: train.txt\nval: train.txt\nnames:\n")
        file.writelines(f"  {index}: {to_json(name)}\n" for name, index in labels.items())


def _apart(image_id: str) -> tuple[str, str]:
    """The folder that holds a photograph's `images/` and `labels/`, and its name in both of them.

    Ultralytics looks for labels where the *last* "/images/" of a photograph's path is "/labels/", and its
    earlier versions put the list's own folder for every "./" of a line. A folder of photographs called
    "images", or with a dot at its end, would lead it astray: that folder is linked as
    `apart/<folder>/images`, each name that is misread with a "-" behind it, so that no two get the same.
    """
    path = inside(image_id)
    parts = list(path.parent.parts)
    named = [part + "-" if _MISREAD.fullmatch(part) else part for part in parts]
    return ("", image_id) if named == parts else ("/".join(["apart", *named, ""]), path.name)
