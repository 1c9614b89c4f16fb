"""The gallery of the worst misses, and what its heading counts."""

from __future__ import annotations

import pytest

from aln.errors import DataError
from aln.sheets import Entry, worst_misses
from aln.sheets.misses import _heading
from aln.visualize.drawing import TRUTH
from tests.sheets.made_up import Images, truth
from tests.small_model import small_localizer

WHOLE = Entry(small_localizer(), "max_box", "fixed:0.5")


@pytest.mark.parametrize(("count", "shown"), [(1, 1), (2, 2), (24, 5)])
def test_only_misses_are_shown(count: int, shown: int) -> None:
    images = Images(6, damaged=(1,))
    sheet = worst_misses(WHOLE, images, truth(images, 1, 1, 9, 9), count=count)
    assert (sheet == TRUTH).all(axis=2).any()
    assert len(images.was_read) == 5 + shown


def test_where_nothing_was_missed_there_is_no_gallery() -> None:
    images = Images(3)
    with pytest.raises(DataError, match="max_box missed nothing in 3 photographs"):
        worst_misses(WHOLE, images, truth(images, 0, 0, 30, 20))


@pytest.mark.parametrize(
    ("shown", "which"), [(3, "all of them"), (2, "the worst 2, evenly over the classes")]
)
def test_the_heading_counts_kinds(shown: int, which: str) -> None:
    text = _heading("aln", 10, ["too large", "too large", "shifted"], shown)
    assert "missed 3 of 10 photographs" in text
    assert "too large 67 %, only a part 0 %, shifted 33 %, elsewhere 0 %" in text
    assert which in text
