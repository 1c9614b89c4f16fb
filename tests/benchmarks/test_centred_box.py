"""The centred box with the oracle's choice of its side, against boxes whose best side is known."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.centred_box import LEVELS, accuracy, oracle, smaller_half


def _centred(side: float) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.array([[0.5 - side / 2, 0.5 - side / 2, 0.5 + side / 2, 0.5 + side / 2]], np.float32)


def test_boxes_of_one_size_are_all_found() -> None:
    assert {value for value, _ in oracle([_centred(0.5)] * 3).values()} == {100.0}


def test_each_level_has_its_own_side() -> None:
    # 0.4² / 0.8² = 1/4 of the larger: a side between them has 0.5 with both, none has 0.7 with both
    found = oracle([_centred(0.4), _centred(0.8), _centred(0.8)])
    assert found[0.3][0] == 100.0
    assert found[0.5][0] == pytest.approx(200 / 3)
    assert found[0.7][0] == pytest.approx(200 / 3)
    assert 0.8 * 0.7**0.5 - 0.01 <= found[0.7][1] <= 0.8
    assert list(found) == list(LEVELS)


def test_a_box_in_the_corner_is_not_found() -> None:
    corner = np.array([[0, 0, 0.2, 0.2]], np.float32)
    assert {value for value, _ in oracle([corner]).values()} == {0.0}


def test_the_smaller_half_has_no_box_of_half_of_the_image_or_more() -> None:
    small, large = _centred(0.7), _centred(0.72)
    kept = smaller_half([small, large, np.concatenate([small, large])])
    assert [boxes.tolist() for boxes in kept] == [small.tolist()]


@pytest.mark.parametrize(("side", "expected"), [(0.4, 50.0), (0.5, 100.0), (0.9, 0.0)])
def test_a_side_finds_boxes_of_about_its_size(side: float, expected: float) -> None:
    assert accuracy([_centred(0.4), _centred(0.6)], side) == expected
