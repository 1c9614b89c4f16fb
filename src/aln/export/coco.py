"""COCO: the data set's format and the one for detections (https://cocodataset.org/#format-data)."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from pycocotools import mask as rle

from aln.export.base import Dataset, Found, register
from aln.export.pieces import Piece, pieces
from aln.export.polygon import corner_polygon
from aln.export.text import JsonItems, number, open_text, to_json


@register("coco")
def write_coco(results: Iterable[Found], folder: Path, dataset: Dataset) -> None:
    """COCO JSON with polygons, and beside it exact run-length masks and scores as detections.

    `annotations.json` is what tools import, with the score of each annotation as an additional field.
    `detections.json` is what `COCO.loadRes` takes and `COCOeval` measures. In both, images and categories
    count from 1.
    """
    categories = {name: index for index, name in enumerate(dataset.class_names, start=1)}
    with (
        open_text(folder / "annotations.json") as whole,
        open_text(folder / "detections.json") as detected,
        tempfile.TemporaryFile("w+", dir=folder, encoding="utf-8") as part,
    ):
        images, annotations, detections = JsonItems(whole), JsonItems(part), JsonItems(detected)
        listed = [{"id": index, "name": name} for name, index in categories.items()]
        whole.write(
            f'{{"info": {{"description": "made by aln"}},\n"categories": {to_json(listed)},\n"images": ['
        )
        detected.write("[")
        for found in results:
            image = images.count + 1
            size = {"width": found.width, "height": found.height}
            images.add({"id": image, "file_name": found.image_id, **size})
            for piece in pieces(found):
                shared = {"image_id": image, "category_id": categories[found.class_name], **_box(piece)}
                annotations.add(
                    {
                        "id": annotations.count + 1,
                        **shared,
                        "segmentation": [_polygon(piece)],
                        "area": int(piece.crop.sum()),
                        "iscrowd": 0,
                    }
                )
                detections.add({**shared, "segmentation": _run_lengths(piece, found)})
        whole.write('],\n"annotations": [')
        part.seek(0)
        shutil.copyfileobj(part, whole)
        whole.write("]}\n")
        detected.write("]\n")


def _box(piece: Piece) -> dict[str, Any]:
    x0, y0, x1, y1 = (float(value) for value in piece.box)
    return {
        "bbox": [number(value) for value in (x0, y0, x1 - x0, y1 - y0)],
        "score": round(piece.score, 6),
    }


def _polygon(piece: Piece) -> list[int]:
    polygon: list[int] = (corner_polygon(piece.crop) + piece.offset).ravel().tolist()
    return polygon


def _run_lengths(piece: Piece, found: Found) -> dict[str, Any]:
    encoded = rle.encode(np.asfortranarray(piece.mask(found.height, found.width), np.uint8))
    return {"size": [found.height, found.width], "counts": encoded["counts"].decode("ascii")}
