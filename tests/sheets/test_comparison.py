"""Which photographs a comparison shows, and that methods of several models stand side by side."""

from __future__ import annotations

from aln.sheets import Entry, compare
from aln.visualize.drawing import HIT, MISS, TRUTH
from tests.sheets.made_up import Images, truth
from tests.small_model import small_localizer


def test_photographs_are_picked_by_their_place() -> None:
    images = Images(9)
    compare({"cam": Entry(small_localizer(), "cam")}, images, truth(images, 0, 0, 30, 20), count=3)
    assert images.was_read == [0, 4, 8]


def test_models_and_methods_are_told_by_name() -> None:
    entries = {
        "aln": Entry(small_localizer(), "aln"),
        "aln, another seed": Entry(small_localizer(1), "aln"),
        "whole image": Entry(small_localizer(), "max_box", "fixed:0.5"),
    }
    images = Images(3, damaged=(1,))
    sheet = compare(entries, images, truth(images, 0, 0, 30, 20), count=3)
    assert (sheet == HIT).all(axis=2).any(), "the whole image hits a box around everything"
    assert sheet.shape[1] > 4 * 104


def test_without_truth_nothing_is_judged() -> None:
    sheet = compare({"cam": Entry(small_localizer(), "cam")}, Images(), None, count=2)
    assert not any((sheet == colour).all(axis=2).any() for colour in (TRUTH, HIT, MISS))
