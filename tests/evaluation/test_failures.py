"""Kinds of misses, and which of them are the worst."""

from __future__ import annotations

import numpy as np
import pytest

from aln.boxes import iou
from aln.evaluation.failures import Kind, kind_of_miss, worst


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        ((0, 0, 100, 100), "too large"),
        ((38, 38, 100, 100), "too large"),
        ((50, 50, 55, 55), "only a part"),
        ((50, 50, 63, 55), "only a part"),
        ((50, 50, 64, 55), "shifted"),
        ((50, 40, 70, 60), "shifted"),
        ((0, 0, 20, 20), "elsewhere"),
        ((58, 58, 90, 90), "elsewhere"),
    ],
    ids=str,
)
def test_kinds(found: tuple[int, ...], kind: Kind) -> None:
    box, truth = np.array(found, np.float32), np.array([[40, 40, 60, 60]], np.float32)
    assert iou(box[None], truth)[0, 0] < 0.5
    assert kind_of_miss(box, truth) == kind


def test_the_true_box_that_fits_best_counts() -> None:
    truth = np.array([[0, 0, 10, 10], [40, 40, 60, 60]], np.float32)
    assert kind_of_miss(np.array([50, 50, 55, 55], np.float32), truth) == "only a part"


@pytest.mark.parametrize(
    ("ious", "labels", "count", "expected"),
    [
        ([0.3, 0.1, 0.2], [0, 0, 0], 2, [1, 2]),
        ([0.1, 0.2, 0.3, 0.4], [0, 0, 0, 1], 2, [0, 3]),
        ([0.1, 0.2, 0.3, 0.4], [0, 0, 0, 1], 3, [0, 1, 3]),
        ([0.2, 0.2, 0.2], [0, 1, 0], 2, [0, 1]),
        ([0.2, 0.2, 0.1], [0, 0, 0], 9, [2, 0, 1]),
        ([0.5, 0.9], [0, 1], 9, []),
        ([0.4], [3], 1, [0]),
    ],
    ids=["one class", "two classes", "second round", "ties", "fewer than asked", "none missed", "one image"],
)
def test_the_worst_of_every_class_first(
    ious: list[float], labels: list[int], count: int, expected: list[int]
) -> None:
    assert worst(np.array(ious), labels, count) == expected
