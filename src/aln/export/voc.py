"""Pascal VOC: one XML file a photograph, pixels counted from 1, corners inclusive; masks as palette PNGs.

The VOC 2012 development kit, section 4 and 5. There is no place for a score.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from aln.errors import ConfigError
from aln.export.base import Dataset, Found, link_photographs, place, register
from aln.export.pieces import Piece, pieces
from aln.export.text import number, open_text, xml_text

MOST = 254
"""A palette has 256 colours; 0 is the background and 255 "unknown"."""

BACKGROUND = "background"


def check_classes(class_names: Sequence[str]) -> None:
    """Raise ConfigError for classes that labelmap.txt and the palette have no place for."""
    if len(class_names) > MOST:
        raise ConfigError(f"voc has room for {MOST} classes, not {len(class_names)}; choose coco")
    for name in class_names:
        if ":" in name or name.startswith("#") or name == BACKGROUND:
            raise ConfigError(f"voc's labelmap.txt can't hold a class called {name!r}; choose coco or cvat")


@register("voc", leads=True, check=check_classes)
def write_voc(results: Iterable[Found], folder: Path, dataset: Dataset) -> None:
    """Pascal VOC XML with boxes, and masks by class and by object as PNG."""
    check_classes(dataset.class_names)
    labels = {name: index for index, name in enumerate(dataset.class_names, start=1)}
    link_photographs(folder / "JPEGImages", dataset.photographs)
    listing = folder / "ImageSets" / "Main" / "default.txt"
    listing.parent.mkdir(parents=True)
    with listing.open("x", encoding="utf-8", errors="surrogateescape", newline="\n") as names:
        for found in results:
            names.write(PurePosixPath(found.image_id).with_suffix("").as_posix() + "\n")
            # The map has one byte a pixel: objects beyond its room keep their box and class.
            objects = list(pieces(found))
            with open_text(place(folder / "Annotations", found.image_id, ".xml")) as file:
                file.write(_xml(found, objects))
            by_class = _painted(found, objects, [labels[found.class_name]] * len(objects))
            by_object = _painted(found, objects[:MOST], list(range(1, MOST + 1)))
            _write_map(place(folder / "SegmentationClass", found.image_id, ".png"), by_class)
            _write_map(place(folder / "SegmentationObject", found.image_id, ".png"), by_object)
    with open_text(folder / "labelmap.txt") as file:
        file.write("# label:color_rgb:parts:actions\n")
        colours = _palette().reshape(-1, 3).tolist()
        for name, index in {BACKGROUND: 0, **labels}.items():
            file.write(f"{name}:{','.join(map(str, colours[index]))}::\n")


def _xml(found: Found, objects: Iterable[Piece]) -> str:
    size = f"<width>{found.width}</width><height>{found.height}</height><depth>3</depth>"
    lines = [
        "<annotation>",
        "  <folder>JPEGImages</folder>",
        f"  <filename>{xml_text(found.image_id)}</filename>",
        "  <source><database>aln</database></source>",
        f"  <size>{size}</size>",
        "  <segmented>1</segmented>",
    ]
    for piece in objects:
        x0, y0, x1, y1 = (float(value) for value in piece.box)
        corners = {"xmin": x0 + 1, "ymin": y0 + 1, "xmax": x1, "ymax": y1}
        box = "".join(f"<{key}>{number(value)}</{key}>" for key, value in corners.items())
        lines.append(
            f"  <object><name>{xml_text(found.class_name)}</name><pose>Unspecified</pose>"
            f"<truncated>0</truncated><difficult>0</difficult><bndbox>{box}</bndbox></object>"
        )
    return "\n".join([*lines, "</annotation>"]) + "\n"


def _painted(found: Found, objects: list[Piece], values: list[int]) -> NDArray[np.uint8]:
    """Map uint8 (H, W) with each object's value; where they overlap, the better one lies on top."""
    painted = np.zeros((found.height, found.width), np.uint8)
    for piece, value in reversed(list(zip(objects, values, strict=False))):
        window = painted[piece.top :, piece.left :][: piece.crop.shape[0], : piece.crop.shape[1]]
        window[piece.crop] = value
    return painted


def _write_map(path: Path, values: NDArray[np.uint8]) -> None:
    encoded = io.BytesIO()
    with Image.fromarray(values, "L") as picture:  # closed: Pillow's ring of references would keep its pixels
        picture.putpalette(_palette().tobytes())
        picture.save(encoded, "PNG")
    path.write_bytes(encoded.getvalue())


def _palette() -> NDArray[np.uint8]:
    """The development kit's colours, uint8 (256, 3): the bits of a value, spread over red, green and blue."""
    values = np.arange(256)
    colours = np.zeros((256, 3), np.int64)
    for bit in range(8):
        for channel in range(3):
            colours[:, channel] |= ((values >> (3 * bit + channel)) & 1) << (7 - bit)
    return colours.astype(np.uint8)
