"""YOLO as Ultralytics reads it: one text file a photograph, numbers as shares of its width and height.

https://docs.ultralytics.com/datasets/detect and https://docs.ultralytics.com/datasets/segment. A line has no
place for a score.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aln.export.base import Dataset, Found, link_photographs, place, register
from aln.export.pieces import pieces
from aln.export.polygon import inner_polygon
from aln.export.text import open_text, to_json

Objects = Callable[[Found], Iterable[NDArray[np.float64]]]


@register("yolo")
def write_yolo(results: Iterable[Found], folder: Path, dataset: Dataset) -> None:
    """YOLO boxes, with data.yaml ready for training."""
    _write(results, folder, dataset, _boxes)


@register("yolo-seg")
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
    # Ultralytics finds labels/x.txt by putting "labels" for "images" in the photograph's path.
    link_photographs(folder / "images", dataset.photographs)
    # Names that are no valid UTF-8 are the bytes that the file system has.
    with (folder / "train.txt").open(
        "x", encoding="utf-8", errors="surrogateescape", newline="\n"
    ) as listing:
        for found in results:
            listing.write(f"./images/{found.image_id}\n")
            size = np.array([found.width, found.height])
            with open_text(place(folder / "labels", found.image_id, ".txt")) as file:
                for points in objects(found):
                    numbers = " ".join(f"{value:.9f}" for value in (points / size).ravel())
                    file.write(f"{labels[found.class_name]} {numbers}\n")
    with open_text(folder / "data.yaml") as file:
        file.write("train: train.txt\nval: train.txt\nnames:\n")
        file.writelines(f"  {index}: {to_json(name)}\n" for name, index in labels.items())
