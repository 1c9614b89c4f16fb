"""What all pictures share: colours, resizing, boxes, text in any alphabet, and writing PNG files."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from aln.errors import DataError
from aln.files import write_atomic

Picture = NDArray[np.uint8]
T = TypeVar("T", np.uint8, np.float32)
Colour = tuple[int, int, int]

TRUTH: Colour = (57, 226, 110)
FOUND: Colour = (255, 96, 40)
INK: Colour = (38, 38, 44)
PAPER: Colour = (255, 255, 255)
HIT: Colour = (0, 90, 160)
MISS: Colour = (176, 52, 0)
KEPT = (TRUTH, FOUND, INK, PAPER, HIT, MISS)
"""Colours with a meaning: in a file of few colours they stay what they are."""

MOST_BYTES = 300_000
"""What a page can carry: larger pictures are written with fewer colours."""


def heat(score_map: NDArray[np.float32]) -> Picture:
    """Scores (H, W) in 0..1 as RGB uint8 (H, W, 3): black over red to light yellow (matplotlib's "inferno").

    Scores outside 0..1 are clipped. The map's lightness rises evenly, so it also reads in grey.
    """
    levels = np.rint(np.clip(np.nan_to_num(score_map), 0, 1) * 255).astype(np.uint8)
    return np.ascontiguousarray(cv2.applyColorMap(levels, cv2.COLORMAP_INFERNO)[..., ::-1])


def resized(image: NDArray[T], width: int, height: int) -> NDArray[T]:
    """The image or map at another size: averaged when it shrinks, smooth when it grows."""
    shrinks = width < image.shape[1] or height < image.shape[0]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    result: NDArray[T] = cv2.resize(image, (width, height), interpolation=how)
    return result


def resized_mask(mask: NDArray[np.bool_], width: int, height: int) -> NDArray[np.bool_]:
    """A bool mask at another size, its outline smooth."""
    result: NDArray[np.bool_] = resized(mask.astype(np.float32), width, height) > 0.5
    return result


def draw_box(
    picture: Picture, box: NDArray[np.float32], scale: tuple[float, float], colour: Colour, line: int
) -> None:
    """Draw a half-open box in place, its lines inside it.

    Args:
        picture: RGB uint8 (H, W, 3).
        box: `x0, y0, x1, y1` in original pixels.
        scale: Picture pixels per original pixel, (x, y).
        colour: RGB.
        line: Thickness in pixels.
    """
    height, width = picture.shape[:2]
    x0, x1 = _span(box[0] * scale[0], box[2] * scale[0], width)
    y0, y1 = _span(box[1] * scale[1], box[3] * scale[1], height)
    line = max(1, min(line, (x1 - x0) // 2, (y1 - y0) // 2))
    inside = picture[y0:y1, x0:x1]
    for edge in (inside[:line], inside[-line:], inside[:, :line], inside[:, -line:]):
        edge[...] = colour


def _span(start: float, end: float, size: int) -> tuple[int, int]:
    """Whole pixels from `start` to `end`, at least one, inside 0..size."""
    first = min(max(round(float(start)), 0), size - 1)
    return first, min(max(round(float(end)), first + 1), size)


@cache
def font(size: int) -> ImageFont.FreeTypeFont:
    """DejaVu Sans (Latin, Greek, Cyrillic, Arabic and more) in pixels, from matplotlib's own files."""
    from matplotlib import get_data_path  # noqa: PLC0415  (slow to import, needed for text only)

    return ImageFont.truetype(Path(get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf", size)


def text_size(text: str, size: int) -> tuple[int, int]:
    """Width and line height of one line of text in pixels."""
    ascent, descent = font(size).getmetrics()
    return round(font(size).getlength(text)), ascent + descent


def draw_text(picture: Picture, text: str, at: tuple[int, int], size: int, colour: Colour) -> None:
    """Draw one line of text in place, `at` being its left upper corner (x, y); what sticks out is cut off."""
    canvas = Image.fromarray(picture)
    ImageDraw.Draw(canvas).text(at, text, fill=colour, font=font(size))
    picture[...] = np.asarray(canvas)


def encode_png(picture: Picture, *, colours: int | None = None) -> bytes:
    """RGB uint8 (H, W, 3) as the bytes of a PNG file.

    Args:
        picture: RGB uint8 (H, W, 3).
        colours: At most this many colours (2..256), which makes the file about three times smaller.
    """
    image = Image.fromarray(np.ascontiguousarray(picture))
    if colours is not None:
        image = _with_few_colours(picture, colours)
    buffer = BytesIO()
    image.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


def _with_few_colours(picture: Picture, colours: int) -> Image.Image:
    """A palette image of colours chosen by median cut, and those of `KEPT` where there is room for them."""
    image = Image.fromarray(np.ascontiguousarray(picture))
    if colours <= 2 * len(KEPT):
        return image.quantize(colours, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    few = image.quantize(colours - len(KEPT), method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    palette = few.getpalette() or []
    indices = np.array(few)
    for number, colour in enumerate(KEPT, len(palette) // 3):
        indices[(picture == colour).all(axis=2)] = number
    exact = Image.fromarray(indices)
    exact.putpalette([*palette, *(level for colour in KEPT for level in colour)])
    return exact


def write_png(
    path: Path | str, picture: Picture, *, colours: int | None = None, most_bytes: int | None = None
) -> None:
    """Write a picture as PNG; a reader sees the old file or the new one, never half of it.

    Args:
        path: The file.
        picture: RGB uint8 (H, W, 3).
        colours: See `encode_png`.
        most_bytes: Take fewer colours, down to 32, until the file is no larger than this, if it can be.

    Raises:
        DataError: If the file can't be written; names it.
    """
    data = encode_png(picture, colours=colours)
    for fewer in (256, 128, 64, 32):
        if most_bytes is None or len(data) <= most_bytes:
            break
        data = encode_png(picture, colours=min(fewer, colours or fewer))
    try:
        write_atomic(Path(path), data)
    except OSError as error:
        raise DataError(
            f"{path}: can't be written ({error.strerror}); choose a folder that you may write to"
        ) from error
