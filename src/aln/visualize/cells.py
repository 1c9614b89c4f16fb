"""What sheets are laid out of: square cells, lines of text that fit them, and a legend."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from aln.localization import Localization
from aln.visualize.drawing import (
    FOUND,
    INK,
    PAPER,
    TRUTH,
    Colour,
    Picture,
    T,
    draw_box,
    draw_text,
    heat,
    resized,
    text_size,
)

Boxes = NDArray[np.float32]
EMPTY: Colour = (236, 236, 239)
GUTTER = 3
BETWEEN = 16
MARGIN = 12
LINE = 2
TEXT = 13


def fitting(height: int, width: int, cell: int) -> tuple[int, int]:
    """Width and height, at least one pixel each, of an image of (H, W) scaled to a cell's side."""
    factor = cell / max(height, width)
    return max(1, round(width * factor)), max(1, round(height * factor))


def fitted(image: NDArray[T], width: int, height: int) -> NDArray[T]:
    """Resized; by repeating pixels where both sides grow by one whole number."""
    factor, rest = divmod(width, image.shape[1])
    if rest == 0 and factor >= 1 and height == factor * image.shape[0]:
        return image.repeat(factor, axis=0).repeat(factor, axis=1)
    return resized(image, width, height)


def centred(picture: Picture, cell: int) -> Picture:
    """The picture in the middle of an empty square cell."""
    height, width = picture.shape[:2]
    y, x = (cell - height) // 2, (cell - width) // 2
    framed: Picture = np.full((cell, cell, 3), EMPTY, np.uint8)
    framed[y : y + height, x : x + width] = picture
    return framed


def image_cell(image: Picture, boxes: Boxes, found: Boxes, cell: int) -> Picture:
    """A photograph in a square cell with its true boxes (N, 4) and found ones, (0, 4) for none."""
    height, width = image.shape[:2]
    wide, high = fitting(height, width, cell)
    picture = fitted(image, wide, high).copy()
    for box, colour in [*((box, TRUTH) for box in boxes), *((box, FOUND) for box in found)]:
        # a dark line inside the coloured one keeps both visible on any background
        draw_box(picture, box, (wide / width, high / height), INK, LINE + 1)
        draw_box(picture, box, (wide / width, high / height), colour, LINE)
    return centred(picture, cell)


def map_cell(found: Localization, boxes: Boxes, cell: int) -> Picture:
    """The heat map of what was found with the true boxes (N, 4) and the best found one, in a square cell."""
    return image_cell(heat(found.score_map), boxes, found.boxes[:1], cell)


def line_height(size: int = TEXT) -> int:
    """Height of a line of text in pixels."""
    return text_size("", size)[1]


def elided(text: str, width: int, size: int = TEXT) -> str:
    """The text, or as much of its beginning as fits `width` pixels, with an ellipsis."""
    if text_size(text, size)[0] <= width:
        return text
    kept = next((n for n in range(len(text), 0, -1) if text_size(f"{text[:n]}…", size)[0] <= width), 0)
    return f"{text[:kept].rstrip()}…"


def wrapped(text: str, width: int, size: int = TEXT) -> list[str]:
    """Lines that fit `width` pixels, broken after spaces and underscores; a longer piece is cut short."""
    lines = [""]
    for piece in text.replace("_", "_\0").replace(" ", " \0").split("\0"):
        if text_size((lines[-1] + piece).rstrip(), size)[0] <= width:
            lines[-1] += piece
        else:
            lines.append(piece)
    return [elided(line.rstrip(), width, size) for line in lines if line] or [""]


def caption(lines: Sequence[str], width: int, *, rows: int = 1, colour: Colour = INK) -> Picture:
    """Lines of text, each in the middle of its row and cut short to fit, RGB uint8 (rows * line, width, 3).

    Fewer lines than `rows` stand at the bottom.
    """
    picture: Picture = np.full((rows * line_height(), width, 3), PAPER, np.uint8)
    for row, text in enumerate(lines, rows - len(lines)):
        shown = elided(text, width)
        left = (width - text_size(shown, TEXT)[0]) // 2
        draw_text(picture, shown, (left, row * line_height()), TEXT, colour)
    return picture


def box_legend(*, truth: bool, found: bool) -> list[tuple[Colour, str]]:
    """Legend entries of the kinds of boxes that a sheet shows."""
    entries = ((truth, TRUTH, "true box"), (found, FOUND, "found box"))
    return [(colour, text) for shown, colour, text in entries if shown]


def draw_legend(sheet: Picture, top: int, entries: list[tuple[Colour, str]]) -> None:
    """Draw the entries side by side from the left margin on, a small box in front of each."""
    x = MARGIN
    middle = top + line_height() // 2
    for colour, text in entries:
        sheet[middle - 4 : middle + 5, x : x + 14] = colour
        sheet[middle - 2 : middle + 3, x + 2 : x + 12] = PAPER
        draw_text(sheet, text, (x + 19, top), TEXT, INK)
        x += 19 + text_size(text, TEXT)[0] + 18
