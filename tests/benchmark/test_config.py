"""Benchmarks in TOML: those of the repository, and what is said of a mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from aln.benchmark.config import read_benchmark
from aln.data import FORMATS
from aln.errors import ConfigError
from tests.benchmark.fakes import TINY_BENCHMARK, tiny_benchmark

SHIPPED = sorted((Path(__file__).parents[2] / "benchmarks").glob("*.toml"))
POSTER = {"backprop", "lrp", "cam", "aln"}


@pytest.mark.parametrize("path", SHIPPED, ids=[path.stem for path in SHIPPED])
def test_every_shipped_benchmark_can_be_run(path: Path) -> None:
    benchmark = read_benchmark(path)
    assert benchmark.name == path.stem
    assert benchmark.data.format in FORMATS
    assert not Path(benchmark.data.path).is_absolute()
    assert set(benchmark.methods) >= POSTER
    assert f"aln benchmark --config benchmarks/{path.name}" in path.read_text(encoding="utf-8")


def test_all_four_are_shipped() -> None:
    names = {path.stem for path in SHIPPED}
    assert names >= {"tiny-imagenet-20", "tiny-imagenet-100", "cluttered-eth80", "oxford-pets-3"}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param("seeds = [0, 1]", "seed = 0", "seed: is unknown", id="setting"),
        pytest.param("seeds = [0, 1]", "seeds = []", "seeds: ", id="no-seed"),
        pytest.param("backprop =", "backdrop =", "did you mean 'backprop'", id="method"),
        pytest.param('"otsu"', '"otzu"', "did you mean 'otsu'", id="rule"),
        pytest.param('name = "odd"', 'name = "default"', "the same name", id="twice"),
        pytest.param('name = "odd"', 'name = "a/b"', "trainings.1.name", id="path"),
        pytest.param(
            'name = "default"', 'name = "first"', "reference 'default' is no training", id="reference"
        ),
        pytest.param('methods = ["cam"]', "", "a peer names its one method", id="peer"),
        pytest.param("training.flip", "training.flop", "'odd': .*did you mean", id="training-setting"),
        pytest.param("[methods]", "[methods", "not valid TOML", id="toml"),
    ],
)
def test_mistakes_are_named_at_once(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in TINY_BENCHMARK
    path = tiny_benchmark(tmp_path, TINY_BENCHMARK.replace(old, new, 1))
    with pytest.raises(ConfigError, match=message) as caught:
        read_benchmark(path)
    assert str(path) in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no\.toml: can't be read"):
        read_benchmark(tmp_path / "no.toml")
