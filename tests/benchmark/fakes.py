"""A benchmark on generated shapes that takes seconds, and rows made by hand."""

from __future__ import annotations

from pathlib import Path

from aln.evaluation.rows import Row
from tests.conftest import TINY

SETTINGS = ", ".join(f'"{setting}"' for setting in TINY if not setting.startswith("data."))

TINY_BENCHMARK = f"""
name = "tiny"
data = {{ format = "shapes", path = "shapes", options = {{ count = 64 }} }}
seeds = [0, 1]
threshold_images = 12
rules = ["paper", "percentile:60"]

[methods]
cam = {{ rules = ["otsu"] }}
aln = {{}}
backprop = {{ max_images = 8 }}

[[trainings]]
name = "default"
settings = [{SETTINGS}]

[[trainings]]
name = "odd"
kind = "peer"
settings = [{SETTINGS}, "training.flip=false"]
methods = ["cam"]
seeds = [0]
"""


def tiny_benchmark(folder: Path, text: str = TINY_BENCHMARK) -> Path:
    """The TOML file."""
    path = folder / "tiny.toml"
    path.write_text(text, encoding="utf-8")
    return path


def row(
    method: str,
    metric: str,
    *,
    preset: str = "default",
    seed: int = 0,
    rule: str = "paper",
    value: float = 50.0,
) -> Row:
    """A figure, of which only what matters is told."""
    return Row("tiny", method, preset, seed, rule, "exact", metric, value, value - 10, value + 10, 10, 1.0)
