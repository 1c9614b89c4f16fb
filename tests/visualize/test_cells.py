"""Text that fits its cell."""

from __future__ import annotations

import numpy as np
import pytest

from aln.visualize.cells import caption, elided, line_height, wrapped
from aln.visualize.drawing import text_size


@pytest.mark.parametrize("text", ["", "cat", "integrated_gradients", "Снежный барс", "a" * 300])
@pytest.mark.parametrize("width", [20, 60, 400])
def test_text_fits(text: str, width: int) -> None:
    assert text_size(elided(text, width), 13)[0] <= width
    assert all(text_size(line, 13)[0] <= width for line in wrapped(text, width))


def test_only_what_is_too_long_is_cut_short() -> None:
    assert elided("cat", 100) == "cat"
    assert elided("a cathedral", 50).endswith("…")


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("integrated_gradients", ["integrated_", "gradients"]),
        ("aln", ["aln"]),
        ("one two three four five", ["one two three", "four five"]),
        ("", [""]),
    ],
    ids=str,
)
def test_lines_break_after_spaces_and_underscores(text: str, lines: list[str]) -> None:
    assert wrapped(text, 104) == lines


def test_a_short_caption_stands_at_the_bottom() -> None:
    picture = caption(["x"], 40, rows=2)
    assert picture.shape == (2 * line_height(), 40, 3)
    inked = np.asarray((picture < 200).any(axis=(1, 2)))
    assert not inked[: line_height()].any()
    assert inked[line_height() :].any()
