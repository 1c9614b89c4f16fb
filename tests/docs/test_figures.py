"""The figures that docs/photographs.md gives are those of the result files."""

from __future__ import annotations

import re
from pathlib import Path
from statistics import fmean

import pytest

from aln.evaluation.report import read_rows
from aln.evaluation.rows import RULE_FREE

ROOT = Path(__file__).parents[2]
LINE = re.compile(r"^\| \[.*?\]\(\.\./benchmarks/results/(.+?)\.md\).*? \| (.*) \|$", re.MULTILINE)
LINES = LINE.findall((ROOT / "docs" / "photographs.md").read_text(encoding="utf-8"))
COLUMNS = (
    ("classifier", "classification_accuracy"),
    ("aln", "metric_1"),
    ("center_box", "metric_1"),
    ("aln", "metric_1_small"),
    ("center_box", "metric_1_small"),
)


@pytest.mark.parametrize(("dataset", "cells"), LINES, ids=[dataset for dataset, _ in LINES])
def test_the_table_holds_what_was_measured(dataset: str, cells: str) -> None:
    _, *shown = (float(cell.strip(" %")) for cell in cells.split("|"))
    rows = read_rows(ROOT / "benchmarks" / "results" / f"{dataset}.json")
    rows = [row for row in rows if row.preset in ("none", "default")]
    rows = [row for row in rows if row.rule == "moments" or row.method != "aln"]
    for value, (method, metric) in zip(shown, COLUMNS, strict=True):
        fitting = [row.value for row in rows if (row.method, row.metric) == (method, metric)]
        assert abs(fmean(fitting) - value) <= 0.5 + 1e-9, (method, metric)


def test_the_pets_are_found_as_often_as_it_says() -> None:
    text = (ROOT / "docs" / "photographs.md").read_text(encoding="utf-8")
    rows = read_rows(ROOT / "benchmarks" / "results" / "oxford-pets-3.json")
    for metric, sentence in (
        ("pointing", r"lies on the animal in (\d+) % of the test"),
        ("mask_iou", r"mean IoU of the masks is (\d+) %"),
    ):
        found = re.search(sentence, text)
        fitting = [
            row.value
            for row in rows
            if (row.method, row.preset, row.metric) == ("aln", "default", metric)
            and row.rule in ("moments", *RULE_FREE)
        ]
        assert found
        assert abs(fmean(fitting) - float(found[1])) <= 0.5 + 1e-9, metric


def test_there_are_lines() -> None:
    assert len(LINES) == 4
