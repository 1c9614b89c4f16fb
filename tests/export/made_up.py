"""Results with known boxes and masks, and their photographs on disk."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from aln.convert import write_format
from aln.export import Dataset
from aln.export.pieces import pieces
from aln.localization import Localization

CLASS_NAMES = ("ant", "bee & <wasp>", "çédille 蜂")

L_SHAPE = ((2, 3, 9, 5), (2, 3, 4, 12))
RING = ((14, 2, 22, 10),)
HOLES = ((16, 4, 17, 6), (17, 6, 19, 7), (20, 8, 21, 9))
DOT = ((25, 20, 26, 21),)

Rectangles = tuple[tuple[int, int, int, int], ...]


def found_in(
    image_id: str,
    parts: dict[float, Rectangles],
    *,
    holes: Rectangles = (),
    size: tuple[int, int] = (24, 30),
    label: int = 0,
) -> Localization:
    """A result whose boxes surround `parts` (score: rectangles x0, y0, x1, y1), best first."""
    score_map = np.zeros(size, np.float32)
    for rectangles, value in [*((part, 1) for part in parts.values()), (holes, 0)]:
        for x0, y0, x1, y1 in rectangles:
            score_map[y0:y1, x0:x1] = value
    corners = [np.array(rectangles) for rectangles in parts.values()]
    boxes = [[*part[:, :2].min(axis=0), *part[:, 2:].max(axis=0)] for part in corners]
    return Localization(
        image_id=image_id,
        score_map=score_map,
        mask=score_map > 0,
        boxes=np.array(boxes, np.float32).reshape(-1, 4),
        box_scores=np.array(list(parts), np.float32),
        label=label,
        class_names=CLASS_NAMES,
        probabilities=np.eye(len(CLASS_NAMES), dtype=np.float32)[label],
        method="aln",
        rule="paper",
    )


FOUND = (
    found_in("a.jpg", {0.9: L_SHAPE, 0.75: RING, 0.5: DOT}, holes=HOLES),
    found_in("b b.png", {0.25: ((0, 0, 40, 7),)}, size=(7, 40), label=2),
    found_in("vögel [1].jpg", {0.625: RING}, holes=HOLES, label=1),
    found_in("empty & <no>.png", {}),
)
"""Several objects, holes, one pixel, the whole image, odd names, nothing at all; all in one folder."""

NESTED = (*FOUND, found_in("deep/er/雀.JPEG", {1.0: L_SHAPE}, label=1))


def write_photographs(folder: Path, results: tuple[Localization, ...] = FOUND) -> None:
    """Grey photographs of the right sizes."""
    for found in results:
        path = folder / found.image_id
        path.parent.mkdir(parents=True, exist_ok=True)
        grey = np.full((found.height, found.width, 3), 128, np.uint8)
        path.write_bytes(cv2.imencode(path.suffix, grey)[1].tobytes())


def exported(name: str, tmp_path: Path, results: tuple[Localization, ...] = FOUND) -> Path:
    """The folder of `results` in the format `name`, with their photographs in `tmp_path`/photos."""
    write_photographs(tmp_path / "photos", results)
    dataset = Dataset(CLASS_NAMES, tmp_path / "photos")
    return write_format(name, results, tmp_path / "annotations" / name, dataset)


def masks_of(found: Localization) -> NDArray[np.bool_]:
    """The mask of each box, bool (N, H, W)."""
    masks = [piece.mask(found.height, found.width) for piece in pieces(found)]
    return np.array(masks, bool).reshape(-1, found.height, found.width)
