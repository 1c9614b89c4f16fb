"""Labelme: one JSON file a photograph (https://github.com/wkentaro/labelme). Scores have no place there."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from aln.export.base import Dataset, Found, place, register
from aln.export.pieces import Piece, pieces
from aln.export.text import number, open_text, to_json

VERSION = "5.5.0"
"""The Labelme whose files these are like; it was the first to draw masks beside rectangles."""


@register("labelme", leads=True)
def write_labelme(results: Iterable[Found], folder: Path, dataset: Dataset) -> None:
    """Labelme JSON with boxes and masks, one file a photograph."""
    photographs = dataset.photographs.resolve()  # behind a link `..` leads elsewhere
    for found in results:
        path = place(folder, found.image_id, ".json")
        shapes = [
            shape
            for group, piece in enumerate(pieces(found), start=1)
            for shape in _shapes(found, piece, group)
        ]
        tree: dict[str, Any] = {
            "version": VERSION,
            "flags": {},
            "shapes": shapes,
            "imagePath": _image_path(photographs / found.image_id, path.parent.resolve()),
            "imageData": None,
            "imageHeight": found.height,
            "imageWidth": found.width,
        }
        with open_text(path) as file:
            file.write(to_json(tree) + "\n")


def _image_path(photograph: Path, folder: Path) -> str:
    """The way from `folder` to the photograph; where there is none (two drives), its full path."""
    try:
        return Path(os.path.relpath(photograph, folder)).as_posix()
    except ValueError:
        return photograph.as_posix()


def _shapes(found: Found, piece: Piece, group: int) -> Iterator[dict[str, Any]]:
    """A rectangle by two corners, and a mask by its first and last pixel and a PNG of what is between."""
    shared = {"label": found.class_name, "group_id": group, "description": "", "flags": {}}
    x0, y0, x1, y1 = (number(value) for value in piece.box)
    yield {**shared, "shape_type": "rectangle", "points": [[x0, y0], [x1, y1]], "mask": None}
    height, width = piece.crop.shape
    last = [piece.left + width - 1, piece.top + height - 1]
    png = cv2.imencode(".png", piece.crop.astype(np.uint8))[1].tobytes()
    yield {
        **shared,
        "shape_type": "mask",
        "points": [[piece.left, piece.top], last],
        "mask": base64.b64encode(png).decode("ascii"),
    }
