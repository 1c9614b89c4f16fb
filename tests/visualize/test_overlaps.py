"""Figures of IoU: their numbers against naive twins, and pictures of any number of methods."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from aln.visualize import accuracy_curves, iou_histograms
from aln.visualize.drawing import MOST_BYTES
from aln.visualize.overlaps import THRESHOLDS, _best_first, accuracy_curve

Draw = Callable[[dict[str, NDArray[np.floating]], Path], None]
each_figure = pytest.mark.parametrize("draw", [iou_histograms, accuracy_curves])


@given(st.lists(st.integers(0, 100), min_size=1, max_size=30))
def test_the_curve_equals_counting(percents: list[int]) -> None:
    ious = np.array(percents, np.float32) / np.float32(100)
    naive = [100 * sum(percent >= level for percent in percents) / len(percents) for level in range(101)]
    assert accuracy_curve(ious) == pytest.approx(naive)


def test_the_curve_falls_from_all_images() -> None:
    curve = accuracy_curve(np.random.default_rng(0).random(200))
    assert curve[0] == 100
    assert (np.diff(curve) <= 0).all()
    assert len(curve) == len(THRESHOLDS) == 101


def test_the_best_comes_first_and_equals_stay() -> None:
    overlaps = {"low": [0.1, 0.6], "a": [0.5, 0.9], "b": [0.9, 0.5], "partly": [np.nan, 0.2]}
    ordered = _best_first({name: np.array(values) for name, values in overlaps.items()})
    assert list(ordered) == ["a", "b", "low", "partly"]
    assert ordered["partly"].tolist() == [0.2]


@each_figure
@pytest.mark.parametrize("methods", [1, 7])
def test_any_number_of_methods_is_drawn(draw: Draw, methods: int, tmp_path: Path) -> None:
    overlaps = {f"method_{i}": np.full(1, i / 8) for i in range(methods)}
    draw(overlaps, tmp_path / "figure.png")
    picture = cv2.imread(str(tmp_path / "figure.png"))
    assert picture is not None
    assert picture.shape[0] == (230 if methods == 1 else 400)
    assert picture.std() > 10


def test_a_figure_of_many_methods_is_no_larger_than_a_page_can_carry(tmp_path: Path) -> None:
    ious = np.random.default_rng(0).random((50, 30))
    accuracy_curves({f"method_{i}": values for i, values in enumerate(ious)}, tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size <= MOST_BYTES


def test_the_baseline_is_drawn_over_the_others(tmp_path: Path) -> None:
    overlaps = {"aln": np.array([0.2, 0.8]), "center_box": np.array([0.4, 0.6])}
    accuracy_curves(overlaps, tmp_path / "without.png", baseline="unknown")
    accuracy_curves(overlaps, tmp_path / "with.png", baseline="center_box")
    assert (tmp_path / "with.png").read_bytes() != (tmp_path / "without.png").read_bytes()


@each_figure
@pytest.mark.parametrize("overlaps", [{}, {"aln": np.zeros(0)}, {"aln": np.array([np.nan])}], ids=len)
def test_nothing_to_draw_is_refused(draw: Draw, overlaps: dict[str, NDArray[np.floating]]) -> None:
    with pytest.raises(ValueError, match="at least one"):
        draw(overlaps, Path("never.png"))
