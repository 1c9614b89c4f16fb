"""Which runs there are, and in which order."""

from __future__ import annotations

from pathlib import Path

import pytest

from aln.benchmark.config import read_benchmark
from aln.benchmark.plan import Run, chosen, differing, plan
from aln.errors import ConfigError
from tests.benchmark.fakes import tiny_benchmark


@pytest.fixture
def runs(tmp_path: Path) -> list[Run]:
    return plan(read_benchmark(tiny_benchmark(tmp_path)), data=Path("data"), runs=Path("runs"))


def test_all_trainings_run_with_one_seed_before_the_next(runs: list[Run]) -> None:
    assert [run.folder.as_posix() for run in runs] == [
        "runs/tiny-default-0",
        "runs/tiny-odd-0",
        "runs/tiny-default-1",
    ]
    assert [run.seed for run in runs] == [0, 0, 1]
    assert [run.config.training.flip for run in runs] == [True, False, True]
    assert {run.config.data.path for run in runs} == {str(Path("data/shapes"))}


@pytest.mark.parametrize(
    ("only", "names"),
    [
        pytest.param([], ["default, seed 0", "odd, seed 0", "default, seed 1"], id="all"),
        pytest.param(["default"], ["default, seed 0", "default, seed 1"], id="training"),
        pytest.param(["default,1", "odd, 0"], ["odd, seed 0", "default, seed 1"], id="seeds"),
    ],
)
def test_a_part_of_them_can_be_chosen(runs: list[Run], only: list[str], names: list[str]) -> None:
    assert [run.name for run in chosen(runs, only)] == names


@pytest.mark.parametrize("only", ["odd,1", "add", "default,x"])
def test_a_run_that_is_not_there(runs: list[Run], only: str) -> None:
    with pytest.raises(ConfigError, match=r"there are: default,0 odd,0 default,1"):
        chosen(runs, [only])


def test_where_a_run_was_made_is_no_part_of_it(runs: list[Run]) -> None:
    config = runs[0].config
    moved = config.model_copy(update={"data": config.data.model_copy(update={"path": "elsewhere"})})
    longer = config.model_copy(update={"training": config.training.model_copy(update={"epochs": 7})})
    assert differing(moved, config) == []
    assert differing(longer, config) == ["training.epochs"]
    assert differing(config.model_copy(update={"preset": "poster"}), config) == ["preset"]
