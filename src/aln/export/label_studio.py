"""Label Studio's pre-annotations: tasks with predictions (https://labelstud.io/guide/predictions)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from aln.export.base import Dataset, Found, register
from aln.export.pieces import Piece, pieces
from aln.export.text import JsonItems, open_text, xml_attribute
from aln.localization import BoolArray

SIZES = (3, 4, 8, 16)
"""Bits that a brush run's length may take; written in the header, so that decoders need not know."""


@dataclass(frozen=True)
class Names:
    """What the labelling interface calls its parts; the defaults are those of `interface.xml`.

    Attributes:
        image: The picture that regions belong to.
        box: The control of rectangles, or None where the interface has none.
        mask: The control of brush strokes, or None.
    """

    image: str = "image"
    box: str | None = "box"
    mask: str | None = "mask"


NAMES = Names()


@register("label-studio")
def write_label_studio(results: Iterable[Found], folder: Path, dataset: Dataset) -> None:
    """Label Studio tasks with boxes, brush masks and scores, and the labelling interface for them."""
    photographs = dataset.photographs.absolute().name
    with open_text(folder / "tasks.json") as file:
        tasks = JsonItems(file)
        file.write("[")
        for found in results:
            path = quote(f"{photographs}/{found.image_id}", errors="surrogateescape")
            tasks.add({"data": {"image": f"/data/local-files/?d={path}"}, "predictions": [prediction(found)]})
        file.write("]\n")
    with open_text(folder / "interface.xml") as file:
        file.write(_interface(dataset.class_names))


def brush(mask: BoolArray) -> list[int]:
    """A mask in Label Studio's run-length code, as the list of its bytes.

    The code (thi.ng/rle-pack) is a row of bits: 32 for the number of values, 5 for their size less one, 4 for
    each of the four sizes of a length less one; then runs: 1, two bits for the size, the length less one,
    the value. Values are those of a picture in RGBA, so each pixel is four of them.
    """
    height, width = mask.shape
    flat = mask.ravel()
    starts = np.concatenate([[0], np.flatnonzero(flat[1:] != flat[:-1]) + 1])
    lengths = 4 * np.diff(starts, append=flat.size)
    bits = [f"{4 * height * width:032b}", f"{7:05b}", *(f"{size - 1:04b}" for size in SIZES)]
    for value, length in zip(flat[starts].tolist(), lengths.tolist(), strict=True):
        bits.extend(_run(length, "11111111" if value else "00000000"))
    row = "".join(bits)
    row += "0" * (-len(row) % 8)
    return list(int(row, 2).to_bytes(len(row) // 8, "big"))


def _run(length: int, value: str) -> Iterator[str]:
    while length:
        part = min(length, 1 << SIZES[-1])
        length -= part
        which = next(index for index, size in enumerate(SIZES) if part <= 1 << size)
        yield f"1{which:02b}{part - 1:0{SIZES[which]}b}{value}"


def prediction(found: Found, names: Names = NAMES) -> dict[str, Any]:
    """What was found in one image, as one of a task's predictions (JSON-ready)."""
    regions = [
        region for index, piece in enumerate(pieces(found)) for region in _regions(found, piece, index, names)
    ]
    score = round(float(found.box_scores[0]), 6) if len(found.box_scores) else 0.0
    return {"model_version": found.method, "score": score, "result": regions}


def _regions(found: Found, piece: Piece, index: int, names: Names) -> Iterator[dict[str, Any]]:
    """A rectangle, in percent of the photograph's size, and a brush stroke."""
    if names.box is not None:
        size = np.array([found.width, found.height], np.float64)
        (x, y), (width, height) = 100 * piece.box[:2] / size, 100 * (piece.box[2:] - piece.box[:2]) / size
        box = {"x": float(x), "y": float(y), "width": float(width), "height": float(height), "rotation": 0}
        yield _region(found, piece, f"{names.box}-{index}", ("rectanglelabels", names.box, names.image), box)
    if names.mask is not None:
        stroke = {"format": "rle", "rle": brush(piece.mask(found.height, found.width))}
        yield _region(found, piece, f"{names.mask}-{index}", ("brushlabels", names.mask, names.image), stroke)


def _region(
    found: Found, piece: Piece, identifier: str, where: tuple[str, str, str], value: dict[str, Any]
) -> dict[str, Any]:
    kind, control, image = where
    return {
        "id": identifier,
        "type": kind,
        "from_name": control,
        "to_name": image,
        "original_width": found.width,
        "original_height": found.height,
        "image_rotation": 0,
        "score": round(piece.score, 6),
        "value": {**value, kind: [found.class_name]},
    }


def _interface(class_names: tuple[str, ...]) -> str:
    labels = "".join(f"    <Label value={xml_attribute(name)}/>\n" for name in class_names)
    return (
        '<View>\n  <Image name="image" value="$image" zoom="true"/>\n'
        f'  <RectangleLabels name="box" toName="image">\n{labels}  </RectangleLabels>\n'
        f'  <BrushLabels name="mask" toName="image">\n{labels}  </BrushLabels>\n</View>\n'
    )
