"""When a picture of photographs is made anew, and of which models."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from aln.benchmark import pictures
from aln.benchmark.config import read_benchmark
from aln.benchmark.measure import KEPT
from aln.benchmark.pictures import draw_overlaps, draw_photographs
from aln.benchmark.plan import Run, plan
from aln.errors import NothingMissedError
from aln.model_io import WEIGHTS
from tests.benchmark.fakes import TINY_BENCHMARK, tiny_benchmark

OTHER_CLASSIFIER = '[[trainings]]\nname = "plain"\nmethods = ["cam"]\n'


def _runs(tmp_path: Path) -> list[Run]:
    """Runs with weights, and a comparison that is older than all of them."""
    config = tiny_benchmark(tmp_path, TINY_BENCHMARK + OTHER_CLASSIFIER)
    runs = plan(read_benchmark(config), data=tmp_path, runs=tmp_path)
    _touch(tmp_path / "tiny-comparison.png", 1)
    for run in runs:
        run.folder.mkdir()
        _touch(run.folder / WEIGHTS, 2)
    return runs


def _touch(path: Path, time: int) -> None:
    path.parent.mkdir(exist_ok=True)
    path.touch()
    os.utime(path, (time, time))


def _compared(runs: list[Run], here: set[str], out: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the runs that the comparison is drawn of, where the trainings `here` are finished."""
    shown: list[str] = []

    def comparison(compared: list[Run], *_: object) -> np.ndarray[Any, Any]:
        shown.extend(run.name for run in compared)
        return np.zeros((4, 4, 3), np.uint8)

    def nothing(*_: object, **__: object) -> None:
        raise NothingMissedError

    monkeypatch.setattr(Run, "finished", property(lambda run: run.training.name in here))
    monkeypatch.setattr(pictures, "_comparison", comparison)
    monkeypatch.setattr(pictures, "_sheet", lambda _: np.zeros((4, 4, 3), np.uint8))
    monkeypatch.setattr(pictures, "worst_misses", nothing)
    monkeypatch.setattr(pictures, "_localizer", lambda _: None)
    results: Any = SimpleNamespace(trainings=["default", "odd", "plain"])
    draw_photographs(runs, results, out, Console(quiet=True))
    return shown


@pytest.mark.parametrize(
    ("here", "made"),
    [
        ({"default", "odd", "plain"}, True),
        ({"default", "odd"}, True),  # another classifier is not on the sheet
        ({"default", "plain"}, False),
        ({"odd", "plain"}, False),
    ],
)
def test_a_comparison_is_made_anew_where_every_model_on_it_is_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, here: set[str], made: bool
) -> None:
    shown = _compared(_runs(tmp_path), here, tmp_path, monkeypatch)
    assert shown == (["default, seed 0", "odd, seed 0"] if made else [])


@pytest.mark.parametrize(("measured", "made"), [(3, False), (5, True)], ids=["before it", "after it"])
def test_a_comparison_is_made_anew_after_something_was_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, measured: int, made: bool
) -> None:
    runs = _runs(tmp_path)
    _touch(runs[0].folder / KEPT / "key.json", measured)
    _touch(tmp_path / "tiny-comparison.png", 4)
    shown = _compared(runs, {"default", "odd"}, tmp_path, monkeypatch)
    assert shown == (["default, seed 0", "odd, seed 0"] if made else [])


@pytest.mark.parametrize(
    ("kept", "there", "drawn"),
    [({"default", "odd"}, True, True), ({"odd"}, True, False), ({"odd"}, False, True), (set(), False, False)],
    ids=["all kept", "none of the reference", "nothing drawn yet", "nothing at all"],
)
def test_curves_without_the_reference_replace_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: set[str], there: bool, drawn: bool
) -> None:
    ends = [f"tiny-{end}.png" for end in ("histograms", "curves")]
    if there:
        for name in ends:
            (tmp_path / name).touch()
    made: list[str] = []
    monkeypatch.setattr(pictures, "_overlaps", lambda results: results.tables)
    monkeypatch.setattr(pictures, "iou_histograms", lambda _, path: made.append(path.name))
    monkeypatch.setattr(pictures, "accuracy_curves", lambda _, path, baseline: made.append(path.name))
    results: Any = SimpleNamespace(
        benchmark=SimpleNamespace(name="tiny", reference="default"), tables=dict.fromkeys(kept)
    )
    draw_overlaps(results, tmp_path)
    assert made == (ends if drawn else [])
