"""Ground truth in memory: degenerate boxes go, and a view without some images."""

from __future__ import annotations

import numpy as np
import pytest

from aln.data.truth import BoxTruth, Without


def _boxes(*corners: tuple[float, float, float, float]) -> np.ndarray:
    return np.array(corners, np.float32)


def test_degenerate_boxes_go_and_with_the_last_one_the_image() -> None:
    truth = BoxTruth({"a": _boxes((0, 0, 5, 4), (3, 3, 3, 9)), "b": _boxes((5, 5, 1, 1))})
    assert truth["a"].boxes.tolist() == [[0, 0, 5, 4]]
    assert "b" not in truth
    assert len(truth) == 1


def test_truth_without_some_images() -> None:
    truth = BoxTruth({name: _boxes((0, 0, 5, 4)) for name in "abc"})
    rest = Without(truth, ["b", "unknown"])
    assert [name in rest for name in ("a", "b", "c", "unknown")] == [True, False, True, False]
    assert len(rest) == 2
    assert rest["a"].boxes.tolist() == [[0, 0, 5, 4]]
    with pytest.raises(KeyError):
        rest["b"]
    assert not len(Without(truth, "abc"))
