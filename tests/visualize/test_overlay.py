"""The overlay: its size, where its colours are, and any photograph or class name."""

from __future__ import annotations

import numpy as np
import pytest

from aln.visualize import overlay
from aln.visualize.drawing import FOUND
from tests.visualize.made_up import localization, photograph


@pytest.mark.parametrize(
    ("shape", "drawn"),
    [
        ((1, 1), (256, 256)),
        ((64, 64), (256, 256)),
        ((64, 128), (256, 512)),
        ((3, 500), (12, 2048)),
        ((4000, 20), (4000, 20)),
        ((300, 400), (300, 400)),
    ],
    ids=str,
)
def test_small_photographs_are_enlarged(shape: tuple[int, int], drawn: tuple[int, int]) -> None:
    picture = overlay(photograph(*shape), localization(*shape))
    assert picture.shape == (*drawn, 3)
    assert picture.dtype == np.uint8


def test_the_box_lies_on_its_own_border() -> None:
    picture = overlay(photograph(300, 400), localization(300, 400))
    coloured = (picture == FOUND).all(axis=2)
    assert coloured[224, 150:250].all(), "last row inside the half-open box 100, 75, 300, 225"
    assert coloured[150, 299]
    assert not coloured[225, 150:250].any()
    assert not coloured[150, 300]
    assert not coloured[150, 150:250].any(), "nothing drawn in the middle"


def test_high_scores_are_tinted_low_ones_hardly() -> None:
    image = photograph(300, 400)
    changed = np.abs(overlay(image, localization(300, 400, boxes=0)).astype(int) - image).mean(axis=2)
    assert changed[120:180, 150:250].mean() > 20 > changed[280:, :].mean()


@pytest.mark.parametrize("name", ["cat", "Снежный барс", "猫", "قط", "🐈", "", "a" * 300])
@pytest.mark.parametrize("boxes", [0, 1, 3])
def test_any_class_name_and_number_of_boxes(name: str, boxes: int) -> None:
    assert overlay(photograph(64, 64), localization(64, 64, boxes=boxes, name=name)).shape == (256, 256, 3)


def test_letters_beyond_ascii_are_drawn() -> None:
    one, other = (overlay(photograph(64, 64), localization(64, 64, name=name)) for name in ("барс", "рысь"))
    assert not np.array_equal(one, other)


def test_the_same_input_gives_the_same_picture_and_keeps_the_input() -> None:
    image, found = photograph(64, 64), localization(64, 64)
    before = image.copy()
    assert np.array_equal(overlay(image, found), overlay(image, found))
    assert np.array_equal(image, before)


def test_image_and_result_must_belong_together() -> None:
    with pytest.raises(ValueError, match="20x10 pixels, its result 10x20"):
        overlay(photograph(10, 20), localization(20, 10))
