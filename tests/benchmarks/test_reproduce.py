"""The bookkeeping of the reproduction command: what is run, what is kept, what is shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.reproduce import DATASETS, is_wanted, plan, sheet_indices, without_repeats

from aln.data import FORMATS
from aln.data.base import Image, LabelledImages
from aln.evaluation.rows import BEST_THRESHOLD, Row


def row(method: str, metric: str, *, preset: str = "default", seed: int = 0, rule: str = "paper") -> Row:
    return Row("d", method, preset, seed, rule, "exact", metric, 50.0, 40.0, 60.0, 10, 1.0)


@pytest.mark.parametrize("name", DATASETS)
def test_every_data_set_has_a_known_format_and_known_options(name: str) -> None:
    assert DATASETS[name].format in FORMATS
    assert not Path(DATASETS[name].path).is_absolute()


def test_all_presets_run_with_one_seed_before_the_next() -> None:
    runs = plan(
        "cluttered-eth80",
        data=Path("data"),
        runs=Path("runs"),
        presets=["default", "poster"],
        seeds=[0, 1],
        settings=["training.epochs=3"],
    )
    assert [str(run.folder) for run in runs] == [
        "runs/cluttered-eth80-default-0",
        "runs/cluttered-eth80-poster-0",
        "runs/cluttered-eth80-default-1",
        "runs/cluttered-eth80-poster-1",
    ]
    assert [run.config.training.seed for run in runs] == [0, 0, 1, 1]
    assert {run.config.training.epochs for run in runs} == {3}
    assert {run.config.data.path for run in runs} == {"data/eth-80"}


@pytest.mark.parametrize(
    ("method", "rule", "wanted"),
    [
        pytest.param("aln", "paper", True, id="own rule"),
        pytest.param("aln", "max:0.2", False, id="rule of another method"),
        pytest.param("cam", "max:0.2", True, id="second rule"),
        pytest.param("aln", BEST_THRESHOLD, True, id="needs no rule"),
        pytest.param("center_box", "side 0.80", True, id="trivial"),
    ],
)
def test_methods_are_measured_with_their_own_rules(method: str, rule: str, wanted: bool) -> None:
    assert is_wanted(row(method, "metric_1", rule=rule)) == wanted


def test_a_trivial_row_is_kept_once_unless_the_classifier_has_a_part_in_it() -> None:
    rows = [
        row(method, metric, preset=preset, seed=seed)
        for preset in ("default", "poster")
        for seed in (0, 1)
        for method in ("aln", "max_box")
        for metric in ("metric_1", "metric_2_small")
    ]
    kept = without_repeats(rows)
    models = [("default", 0), ("default", 1), ("poster", 0), ("poster", 1)]
    assert [r for r in kept if r.method == "aln"] == [r for r in rows if r.method == "aln"]
    assert [(r.preset, r.seed) for r in kept if r.method == "max_box" and r.metric == "metric_1"] == [
        ("none", 0)
    ]
    assert [(r.preset, r.seed) for r in kept if r.method == "max_box" and r.metric != "metric_1"] == models
    assert without_repeats([*kept, *rows]) == kept


class Labels(LabelledImages):
    """Labels alone, over the given number of classes."""

    name = "labels"

    def __init__(self, labels: list[int], classes: int) -> None:
        self._labels = labels
        self.class_names = tuple(map(str, range(classes)))

    def __len__(self) -> int:
        return len(self._labels)

    def image_id(self, index: int) -> str:
        return str(index)

    def label(self, index: int) -> int:
        return self._labels[index]

    def read(self, index: int) -> Image:
        raise NotImplementedError

    def fingerprint(self) -> str:
        return ""


@pytest.mark.parametrize(
    ("labels", "classes", "expected"),
    [
        pytest.param([1, 0, 0, 1], 2, [1, 0, 2, 3], id="classes in turn"),
        pytest.param([0, 0, 0, 1], 2, [0, 3, 1, 2], id="a class runs out"),
        pytest.param(list(range(30)), 30, list(range(24)), id="more classes than samples"),
        pytest.param(list(range(20)) * 2, 20, list(range(20)), id="as many of every class"),
    ],
)
def test_the_sheet_shows_the_first_images_of_every_class(
    labels: list[int], classes: int, expected: list[int]
) -> None:
    assert sheet_indices(Labels(labels, classes)) == expected
