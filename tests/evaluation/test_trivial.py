from __future__ import annotations

import numpy as np
import pytest

from aln.errors import DataError
from aln.evaluation.trivial import SIDES, best_side, choose_side, spaced
from tests.evaluation.fakes import FakeImages, FakeTruth, box


def centred(side: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.array([[0.5 - side / 2, 0.5 - side / 2, 0.5 + side / 2, 0.5 + side / 2]], np.float32)


def test_sides_that_are_tried() -> None:
    assert SIDES == (0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0)


def test_the_side_that_is_right_most_often() -> None:
    """A side s is right on a centred truth t where min(s, t)² / max(s, t)² >= 0.5."""
    truths = [0.2, 0.3, 0.45, 0.5, 0.62, 0.9, 1.0]
    counts = [sum(min(s, t) ** 2 / max(s, t) ** 2 >= 0.5 for t in truths) for s in SIDES]
    assert best_side([centred(t) for t in truths]) == SIDES[int(np.argmax(counts))]


def test_the_side_is_chosen_in_fractions_of_each_image() -> None:
    sizes = [(100, 200), (30, 10), (50, 50), (7, 7)]
    images = FakeImages([*(np.zeros((h, w, 3), np.uint8) for h, w in sizes[:3]), None], [0] * 4, ["a"])
    truths = {str(i): box(0.1 * w, 0.1 * h, 0.9 * w, 0.9 * h) for i, (h, w) in enumerate(sizes) if i != 2}
    assert choose_side(images, FakeTruth(truths)) == best_side([centred(0.8)])


def test_few_of_many_images_have_a_box() -> None:
    images = FakeImages([np.zeros((10, 10, 3), np.uint8) for _ in range(40)], [0] * 40, ["a"])
    truths = {str(i): box(1, 1, 9, 9) for i in (7, 8, 23)}
    assert choose_side(images, FakeTruth(truths), max_images=2) == best_side([centred(0.8)])


def test_nothing_to_choose_from() -> None:
    with pytest.raises(DataError, match="fake: no image with a box"):
        choose_side(FakeImages([None], [0], ["a"]), FakeTruth({"0": box(0, 0, 1, 1)}))


@pytest.mark.parametrize(
    ("count", "most", "chosen"),
    [
        pytest.param(4, 0, [0, 1, 2, 3], id="all"),
        pytest.param(4, 9, [0, 1, 2, 3], id="more-than-there-are"),
        pytest.param(9, 3, [0, 4, 8], id="spaced"),
        pytest.param(9, 1, [0], id="one"),
        pytest.param(0, 3, [], id="none"),
    ],
)
def test_spaced(count: int, most: int, chosen: list[int]) -> None:
    assert spaced(count, most) == chosen
