"""Photographs go with what was found in them, also around those that can't be read."""

from __future__ import annotations

import numpy as np
import pytest

from aln.errors import DataError
from aln.sheets.entries import ENOUGH, Entry, for_cells, localized
from tests.sheets.made_up import Images
from tests.small_model import photograph, small_localizer


@pytest.mark.parametrize("damaged", [(), (0,), (2, 3), (5,)], ids=str)
def test_results_keep_their_photographs_and_classes(damaged: tuple[int, ...]) -> None:
    images = Images(damaged=damaged)
    results = list(localized(Entry(small_localizer(), "cam"), images, range(6)))
    assert [index for index, _, _ in results] == [i for i in range(6) if i not in damaged]
    for index, pixels, found in results:
        assert (found.height, found.width) == pixels.shape[:2]
        assert found.image_id == images.image_id(index)
        assert found.label == images.label(index)


def test_classes_that_the_model_lacks_leave_the_choice_to_the_classifier() -> None:
    images = Images(class_names=("unknown",))
    for _, _, found in localized(Entry(small_localizer(), "cam"), images, range(6)):
        assert found.label == found.predicted_label


def test_rule_and_options_are_passed_on() -> None:
    entry = Entry(small_localizer(), "center_box", "fixed:0.5", {"side": 0.5})
    ((_, _, found),) = localized(entry, Images(), [0])
    assert found.rule == "fixed:0.5"
    assert found.area == pytest.approx(0.25, abs=0.05)


def test_not_one_that_can_be_read() -> None:
    with pytest.raises(DataError, match=r"5\.png: is damaged"):
        list(localized(Entry(small_localizer(), "cam"), Images(damaged=(4, 5)), [4, 5]))


@pytest.mark.parametrize(
    ("size", "expected"),
    [((512, 300), (512, 300)), ((1024, 600), (512, 300)), ((3, 5000), (1, 512)), ((513, 513), (512, 512))],
    ids=str,
)
def test_what_waits_to_be_drawn_is_small(size: tuple[int, int], expected: tuple[int, int]) -> None:
    height, width = size
    pixels = photograph(height, width)
    (found,) = small_localizer().localize([("a.png", pixels)], method="max_box", rule="fixed:0.5")
    truth = np.array([[0, 0, width / 2, height]], np.float32)
    image, small, boxes = for_cells(pixels, found, truth)
    assert image.shape[:2] == small.score_map.shape == small.mask.shape == expected
    assert max(expected) <= ENOUGH
    assert small.boxes.tolist() == [[0, 0, expected[1], expected[0]]]
    assert np.allclose(boxes, [[0, 0, expected[1] / 2, expected[0]]])
