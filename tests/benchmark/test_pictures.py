"""When a picture of photographs is made anew, and of which models."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from aln.benchmark import pictures
from aln.benchmark.config import read_benchmark
from aln.benchmark.pictures import draw_photographs
from aln.benchmark.plan import Run, plan
from aln.errors import NothingMissedError
from aln.model_io import WEIGHTS
from tests.benchmark.fakes import TINY_BENCHMARK, tiny_benchmark

OTHER_CLASSIFIER = '[[trainings]]\nname = "plain"\nmethods = ["cam"]\n'


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
    config = tiny_benchmark(tmp_path, TINY_BENCHMARK + OTHER_CLASSIFIER)
    runs = plan(read_benchmark(config), data=tmp_path, runs=tmp_path)
    (tmp_path / "tiny-comparison.png").touch()
    for run in runs:
        run.folder.mkdir()
        (run.folder / WEIGHTS).touch()
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
    draw_photographs(runs, results, tmp_path, Console(quiet=True))
    assert shown == (["default, seed 0", "odd, seed 0"] if made else [])
