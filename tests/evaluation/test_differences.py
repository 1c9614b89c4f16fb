"""Differences on the same images, against resampling them one after the other."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from aln.errors import DataError
from aln.evaluation.differences import Difference, Side, differences, paired
from aln.evaluation.per_image import Column, PerImage
from aln.evaluation.report import write_rows

IDS = tuple("abcdefgh")


def table(ids: tuple[str, ...], values: NDArray[np.floating], method: str, rule: str = "paper") -> PerImage:
    columns = {
        Column(method, rule, "metric_1"): values.astype(np.float32),
        Column(method, "best threshold", "max_box_acc_v2"): 1 - values.astype(np.float32),
    }
    small = np.array([name < "e" for name in ids], np.bool_)
    return PerImage(ids, small, np.ones(len(ids), np.bool_), columns)


def side(method: str, *values: NDArray[np.floating], ids: tuple[str, ...] = IDS, rule: str = "paper") -> Side:
    """Values of each seed in turn."""
    tables = {seed: table(ids, own, method, rule) for seed, own in enumerate(values)}
    return Side(method, tables, dict.fromkeys(tables, rule))


def test_the_interval_is_that_of_differences() -> None:
    random = np.random.default_rng(0)
    ids = tuple(f"{i:04}" for i in range(400))
    hard = random.random(400)
    a, b = (hard + 0.1 * random.random(400) > 0.5).astype(float), (hard > 0.5).astype(float)
    found = paired(side("cam", a, ids=ids), side("aln", b, ids=ids), "metric_1", [0])
    assert found is not None
    drawn = [(a - b)[random.integers(0, 400, 400)].mean() for _ in range(2000)]
    low, high = np.percentile(drawn, [2.5, 97.5])
    assert found.value == pytest.approx(100 * (a.mean() - b.mean()))
    assert found.ci_low == pytest.approx(100 * low, abs=0.7)
    assert found.ci_high == pytest.approx(100 * high, abs=0.7)
    assert found.ci_high - found.ci_low < 8  # two unpaired figures have intervals of 10 each


def test_images_are_matched_by_name() -> None:
    own = side("cam", np.array([1.0, 0.0, np.nan]), ids=("b", "a", "c"))
    reference = side("aln", np.array([1.0, 0, 1, 1]), ids=("a", "b", "c", "d"))
    found = paired(own, reference, "metric_1", [0])
    assert found is not None
    assert (found.value, found.n_images) == (0.0, 2)


@pytest.mark.parametrize(("metric", "value"), [("metric_1", 50), ("metric_1_small", 100), ("mask_iou", None)])
def test_subsets_and_what_nobody_measured(metric: str, value: float | None) -> None:
    own, reference = np.array([1.0] * 4 + [0.0] * 4), np.zeros(8)
    found = paired(side("cam", own), side("aln", reference), metric, [0])
    assert (found and found.value) == value


def test_seed_by_seed_and_pooled() -> None:
    ones, zeros, half = np.ones(8), np.zeros(8), np.array([1.0, 0] * 4)
    found = differences(
        side("cam", ones, half),
        side("aln", zeros, zeros, zeros),
        dataset="D",
        preset="default",
        rule="paper",
        name="aln",
    )
    values = {(d.metric, d.seeds): d.value for d in found}
    assert values["metric_1", (0,)] == 100
    assert values["metric_1", (1,)] == 50
    assert values["metric_1", (0, 1)] == 75
    assert values["max_box_acc_v2", (0, 1)] == -75
    assert {d.n_images for d in found if d.metric == "metric_1"} == {8}
    pooled = next(d for d in found if d.metric == "metric_1" and d.seeds == (0, 1))
    assert 50 < pooled.ci_low < 75 < pooled.ci_high


def test_one_seed_comes_once() -> None:
    found = differences(
        side("cam", np.ones(8)), side("aln", np.zeros(8)), dataset="D", preset="p", rule="r", name="aln"
    )
    assert [d.seeds for d in found if d.metric == "metric_1"] == [(0,)]


def test_they_are_written_whole(tmp_path: Path) -> None:
    one = Difference("D", "cam", "default", "paper", "aln", "metric_1", (0, 1), -1.0, -2.0, 0.5, 8)
    write_rows([one], tmp_path / "new" / "d.json")
    read = json.loads((tmp_path / "new" / "d.json").read_text(encoding="utf-8"))
    assert read[0]["seeds"] == [0, 1]
    assert read[0]["ci_low"] == -2.0
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="can't be written"):
        write_rows([one], tmp_path / "file" / "d.json")
