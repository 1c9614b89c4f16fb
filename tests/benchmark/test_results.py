"""What stays of the rows of many runs, and what each method is compared with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aln.benchmark.config import Benchmark, read_benchmark
from aln.benchmark.measure import Measured, Record
from aln.benchmark.report import report
from aln.benchmark.results import Results, family, in_order
from aln.benchmark.summary import summary
from aln.evaluation.differences import Difference
from aln.evaluation.per_image import PerImage
from tests.benchmark.fakes import row, tiny_benchmark


@pytest.fixture
def benchmark(tmp_path: Path) -> Benchmark:
    return read_benchmark(tiny_benchmark(tmp_path))


def test_a_trivial_row_is_kept_once_unless_the_classifier_has_a_part_in_it(benchmark: Benchmark) -> None:
    rows = [
        row(method, metric, preset=preset, seed=seed)
        for preset in ("odd", "default")
        for seed in (0, 1)
        for method in ("aln", "max_box")
        for metric in ("metric_1", "metric_2_small")
    ]
    kept = in_order(rows, benchmark)
    models = [("default", 0), ("default", 1), ("odd", 0), ("odd", 1)]
    assert sorted(kept[-8:], key=str) == sorted((r for r in rows if r.method == "aln"), key=str)
    assert [(r.preset, r.seed) for r in kept if r.method == "max_box" and r.metric == "metric_1"] == [
        ("none", 0)
    ]
    assert [(r.preset, r.seed) for r in kept if r.method == "max_box" and r.metric != "metric_1"] == models
    assert in_order([*kept, *rows], benchmark) == kept


def test_a_trivial_box_is_that_of_the_first_run(benchmark: Benchmark) -> None:
    rows = [
        row("center_box", metric, rule=side, preset=preset)
        for preset, side in (("default", "side 0.80"), ("odd", "side 0.75"))
        for metric in ("metric_1", "metric_1_small", "metric_2")
    ]
    sides = [(r.metric, r.preset, r.rule) for r in in_order(rows, benchmark)]
    assert sorted(sides) == [
        ("metric_1", "none", "side 0.80"),
        ("metric_1_small", "none", "side 0.80"),
        ("metric_2", "default", "side 0.80"),
        ("metric_2", "odd", "side 0.75"),
    ]


def test_lines_come_in_the_order_of_the_table(benchmark: Benchmark) -> None:
    rows = [
        row("classifier", "classification_accuracy"),
        row("odd", "metric_1", preset="odd"),
        row("aln", "metric_1"),
        row("cam", "metric_1"),
        row("center_box", "metric_1"),
        row("max_box", "metric_1"),
    ]
    names = [r.method for r in in_order(rows, benchmark)]
    assert names == ["max_box", "center_box", "cam", "aln", "odd", "classifier"]


@pytest.mark.parametrize(
    ("rule", "expected"), [("fullsup:0.31", "fullsup"), ("paper", "paper"), ("max:0.2", "max:0.2")]
)
def test_chosen_thresholds_are_one_rule(rule: str, expected: str) -> None:
    assert family(rule) == expected


ROWS = [
    row("max_box", "metric_1", preset="none", rule="whole image", value=30),
    row("max_box", "metric_2", rule="whole image", value=20),
    row("center_box", "metric_1", preset="none", rule="side 0.60", value=40),
    row("cam", "metric_1", value=40),
    row("cam", "metric_1", seed=1, value=44),
    row("cam", "metric_1", rule="fullsup:0.30", value=47),
    row("cam", "metric_1", seed=1, rule="fullsup:0.35", value=48),
    row("cam", "max_box_acc_v2", rule="best threshold", value=55),
    row("cam", "peak_memory", rule="none", value=12),
    row("aln", "metric_1", value=45),
    row("odd", "metric_1", preset="odd", value=90),
    row("classifier", "classification_accuracy", rule="none", value=70),
]
LEAD = Difference("tiny", "cam", "default", "paper", "aln", "metric_1", (0, 1), -3.0, -5.0, -1.0, 10)
ONE = Difference("tiny", "cam", "default", "paper", "aln", "metric_1", (0,), -5.0, -9.0, 1.0, 10)
NONE = PerImage((), np.zeros(0, np.bool_), np.zeros(0, np.bool_), {})


def test_the_summary_has_one_line_a_rule_that_needs_no_boxes(benchmark: Benchmark) -> None:
    ceiling = benchmark.trainings[1].model_copy(update={"kind": "ceiling"})
    marked = benchmark.model_copy(update={"trainings": (benchmark.trainings[0], ceiling)})
    lines = summary(Results(marked, ROWS, [ONE, LEAD], {})).splitlines()
    assert len(lines) == 7
    assert lines[0].count("|") == lines[2].count("|")
    assert "mask IoU" not in lines[0]  # nobody has one
    assert lines[2].startswith("| *max_box (trivial)* | whole image | 30.0 | 20.0 |")
    assert "| below it |" in lines[2]
    assert "| 0 % |" in lines[3]
    assert lines[4].startswith(
        "| cam | paper | 42.0 ± 2.8 |  | 47.5 ± 0.7 | 55.0 | **-3.0 [-5.0, -1.0]** | 4 %"
    )
    assert "| 12 | 2 | 10 |" in lines[4]
    assert "| — | 10 % |" in lines[5]
    assert lines[6].startswith("| odd (**not weakly supervised**) | paper | 90.0 |")
    assert "| 100 % |" in lines[6]


def test_a_method_measured_on_few_images_is_not_put_beside_the_ceiling(benchmark: Benchmark) -> None:
    ceiling = benchmark.trainings[1].model_copy(update={"kind": "ceiling"})
    marked = benchmark.model_copy(update={"trainings": (benchmark.trainings[0], ceiling)})
    few = replace(row("backprop", "metric_1", value=60), n_images=4)
    lines = summary(Results(marked, [*ROWS, few], [], {})).splitlines()
    line = next(line for line in lines if line.startswith("| backprop"))
    assert line.startswith("| backprop | paper | 60.0 |")
    assert "%" not in line


def test_the_page_tells_all(benchmark: Benchmark) -> None:
    results = Results(benchmark, ROWS, [ONE, LEAD], {})
    page = report(results, [], "aln benchmark --config x.toml", {"odd, seed 0": "masks collapsed"})
    assert page.startswith("`aln benchmark --config x.toml`\n\n# tiny\n")
    assert "* odd, seed 0 stopped: masks collapsed" in page
    assert "odd (trained peer)" in page
    assert "| cam | default | 0.30, 0.35 |" in page
    assert "| cam | default | paper | **-3.0 [-5.0, -1.0]** | 2 | 10 |" in page
    assert "peak_memory" not in page


def test_a_run_tells_what_is_known_of_its_training(benchmark: Benchmark) -> None:
    earlier: dict[str, Any] = {"epochs": 22, "images": 9000, "seconds": 741.3}
    today = {**earlier, "area": 0.388, "device": "cpu", "precision": "bf16"}
    there = [
        Measured(Record("default", seed, {}, "", {}, told), [], None)
        for seed, told in enumerate((today, earlier))
    ]
    page = report(Results(benchmark, ROWS, [], {}, there), [], "aln benchmark", {})
    assert "| default | 0 | 22 | 9000 | 0.388 | 70.0 | 741 | cpu, bf16 |" in page
    assert "| default | 1 | 22 | 9000 |  |  | 741 |  |" in page
