from __future__ import annotations

import json
from dataclasses import asdict, replace
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from aln.errors import DataError
from aln.evaluation.report import markdown, read_rows, tables, write_rows
from aln.evaluation.rows import Row

ROW = Row("set [1]", "aln", "default", 0, "paper", "exact", "metric_1", 50.0, 45.0, 55.0, 100, 2.5)
ROWS = [
    ROW,
    replace(ROW, seed=1, value=52.0, ci_low=47.0, ci_high=57.0),
    replace(ROW, rule="otsu", value=40.0, ci_low=35.0, ci_high=45.0),
    replace(ROW, rule="best threshold", metric="max_box_acc", value=60.0, ci_low=60.0, ci_high=60.0),
    replace(ROW, method="max_box", rule="whole image", value=30.0, ci_low=30.0, ci_high=30.0),
    replace(ROW, method="classifier", rule="none", metric="classification_accuracy"),
    replace(ROW, metric="metric_1_small", value=10.0, ci_low=5.0, ci_high=15.0),
    replace(ROW, dataset="other"),
]


def test_rows_come_back_from_json(tmp_path: Path) -> None:
    path = tmp_path / "new" / "rows.json"
    write_rows(ROWS, path)
    assert read_rows(path) == ROWS
    assert json.loads(path.read_text())[0] == asdict(ROW)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(None, "can't be read", id="missing"),
        pytest.param("[", "is no list of result rows", id="no-json"),
        pytest.param('[{"dataset": "x"}]', "with the fields dataset, method", id="fields-missing"),
        pytest.param("3", "is no list of result rows", id="number"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, content: str | None, message: str) -> None:
    path = tmp_path / "rows.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(DataError, match=message) as caught:
        read_rows(path)
    assert str(path) in str(caught.value)


def test_an_unwritable_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="can't be written"):
        write_rows(ROWS, tmp_path / "file" / "rows.json")


def test_markdown() -> None:
    assert (
        markdown(ROWS[:7])
        == """\
### set [1], all images (protocol exact)

| method | preset | rule | Metric 1 | MaxBoxAcc (best threshold) | accuracy | seeds | images | ms/image |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
| aln | default | paper | 51.0 ± 1.4 [46.0, 56.0] | 60.0 [60.0, 60.0] |  | 2 | 100 | 2.50 |
| aln | default | otsu | 40.0 [35.0, 45.0] | 60.0 [60.0, 60.0] |  | 1 | 100 | 2.50 |
| *max_box (trivial)* | default | whole image | 30.0 [30.0, 30.0] |  |  | 1 | 100 | 2.50 |
| classifier | default | none |  |  | 50.0 [45.0, 55.0] | 1 | 100 | 2.50 |

### set [1], smaller half (protocol exact)

| method | preset | rule | Metric 1 | seeds | images | ms/image |
| --- | --- | --- | --- | --- | --- | --- |
| aln | default | paper | 10.0 [5.0, 15.0] | 1 | 100 | 2.50 |
"""
    )


def test_no_rows_are_no_tables() -> None:
    assert markdown([]) == ""
    assert tables([]) == []


def test_tables_show_what_markdown_shows() -> None:
    console = Console(width=200, record=True, file=StringIO())
    for table in tables(ROWS):
        console.print(table)
    text = console.export_text()
    for part in (
        "set [1], all images",
        "smaller half",
        "other, all images",
        "51.0 ± 1.4",
        "[46.0, 56.0]",
        "(trivial)",
    ):
        assert part in text


@pytest.mark.parametrize("width", [20, 60])
def test_a_narrow_terminal_folds_and_cuts_nothing_off(width: int) -> None:
    console = Console(width=width, record=True, file=StringIO())
    rules = ("percentile:80", "max:0.2", "fixed:0.35")
    for table in tables([replace(row, rule=rule) for row in ROWS for rule in rules]):
        console.print(table)
    assert "…" not in console.export_text()
