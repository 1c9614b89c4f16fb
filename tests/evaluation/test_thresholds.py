from __future__ import annotations

import numpy as np
import pytest

from aln.boxes import iou
from aln.errors import ConfigError, DataError
from aln.evaluation.thresholds import choose_thresholds
from tests.evaluation.fakes import FakeImages, FakeTruth, box
from tests.small_model import CLASS_NAMES, SIZE, photograph, small_localizer

PHOTOGRAPHS = [photograph(SIZE, SIZE, seed=i) for i in range(5)]
LABELS = [0, 1, 2, 0, 1]
IMAGES = FakeImages(PHOTOGRAPHS, LABELS, CLASS_NAMES)
TRUTHS = {str(i): box(4, 4, 16 + 3 * i, 14 + 3 * i) for i in range(5)}


def test_no_threshold_is_right_more_often_than_the_chosen_one() -> None:
    localizer = small_localizer()

    def right(method: str, threshold: float) -> int:
        found = localizer.localize(PHOTOGRAPHS, labels=LABELS, method=method, rule=f"fixed:{threshold:.2f}")
        return sum(iou(f.boxes, TRUTHS[str(i)].boxes).max() >= 0.5 for i, f in enumerate(found))

    chosen = choose_thresholds(localizer, IMAGES, FakeTruth(TRUTHS), ["cam", "aln"])
    assert list(chosen) == ["cam", "aln"]
    for method, threshold in chosen.items():
        assert right(method, threshold) == max(right(method, t) for t in np.arange(0, 1, 0.05))
        assert right(method, threshold) > right(method, 0.99)


def test_what_can_not_be_read_is_passed_over() -> None:
    done: list[int] = []
    images = FakeImages([None, *PHOTOGRAPHS[1:]], LABELS, CLASS_NAMES)
    choose_thresholds(small_localizer(), images, FakeTruth(TRUTHS), ["cam"], progress=done.append)
    assert sum(done) == 4
    with pytest.raises(DataError, match="no image with a box"):
        choose_thresholds(small_localizer(), FakeImages([None], [0], CLASS_NAMES), FakeTruth(TRUTHS), ["cam"])


def test_an_unknown_method_is_named() -> None:
    with pytest.raises(ConfigError, match="did you mean 'cam'"):
        choose_thresholds(small_localizer(), IMAGES, FakeTruth(TRUTHS), ["cem"])
