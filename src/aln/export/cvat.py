"""CVAT's own XML, version 1.1 "for images" (https://docs.cvat.ai/docs/manual/advanced/xml_format)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aln.export.base import Dataset, Found, Names, register
from aln.export.pieces import Piece, pieces
from aln.export.text import number, open_text, to_json, xml_attribute, xml_text

NO_FRAME = 10**9
"""Ids begin here: where CVAT finds no photograph of the name it takes the id for the number of a frame, and
would put the boxes on whichever photograph has that number."""

_SCORE = "<name>score</name><mutable>False</mutable><input_type>text</input_type><default_value/><values/>"


@register("cvat")
def write_cvat(results: Iterable[Found], folder: Path, dataset: Dataset) -> None:
    """CVAT XML 1.1 with boxes, brush masks and scores, and the labels to paste into a new task."""
    with open_text(folder / "annotations.xml") as file:
        file.write('<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n<version>1.1</version>\n')
        file.write(
            f"<meta><task><labels>{''.join(map(_label, dataset.class_names))}</labels></task></meta>\n"
        )
        taken = Names()
        for index, found in enumerate(results, start=NO_FRAME):
            taken.add(found.image_id)
            attributes = _attributes(id=index, name=found.image_id, width=found.width, height=found.height)
            file.write(f"<image {attributes}>\n{''.join(_shapes(found))}</image>\n")
        file.write("</annotations>\n")
    with open_text(folder / "labels.json") as file:
        score = {"name": "score", "mutable": False, "input_type": "text", "default_value": "", "values": [""]}
        file.write(to_json([{"name": name, "attributes": [score]} for name in dataset.class_names]) + "\n")


def run_lengths(crop: NDArray[np.bool_]) -> list[int]:
    """Lengths of the runs of equal pixels, row by row; the first counts zeros and may be 0."""
    flat = np.concatenate([[False], crop.ravel(), [not crop.flat[-1]]])
    ends = np.flatnonzero(flat[1:] != flat[:-1])
    lengths: list[int] = np.diff(ends, prepend=0).tolist()
    return lengths


def _label(name: str) -> str:
    attributes = f"<attributes><attribute>{_SCORE}</attribute></attributes>"
    return f"<label><name>{xml_text(name)}</name>{attributes}</label>"


def _shapes(found: Found) -> Iterator[str]:
    """A box and a mask for each object, in one group."""
    for group, piece in enumerate(pieces(found), start=1):
        shared = {"label": found.class_name, "source": "auto", "occluded": 0, "z_order": 0, "group_id": group}
        score = f'<attribute name="score">{piece.score:.6f}</attribute>'
        yield f"<box {_attributes(**shared, **_box(piece))}>{score}</box>\n"
        yield f"<mask {_attributes(**shared, **_mask(piece))}>{score}</mask>\n"


def _box(piece: Piece) -> dict[str, object]:
    return {key: number(v) for key, v in zip(("xtl", "ytl", "xbr", "ybr"), piece.box, strict=True)}


def _mask(piece: Piece) -> dict[str, object]:
    height, width = piece.crop.shape
    runs = ", ".join(map(str, run_lengths(piece.crop)))
    return {"rle": runs, "left": piece.left, "top": piece.top, "width": width, "height": height}


def _attributes(**values: object) -> str:
    return " ".join(f"{key}={xml_attribute(value)}" for key, value in values.items())
