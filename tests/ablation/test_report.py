"""Tables and transfer, from rows made by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aln.ablation import ABLATIONS
from aln.ablation.figure import write_figure
from aln.ablation.report import ArmRow, Stopped, page, transfer, write_json
from aln.evaluation.rows import Row


def row(metric: str, value: float, method: str = "aln", seed: int = 0) -> Row:
    return Row("d", method, "poster", seed, "paper", "exact", metric, value, value - 1, value + 1, 100, 2.0)


def arm_rows(arm: str, own: float, others: float) -> list[ArmRow]:
    """The rows of one arm with two seeds, and of what stands beside it."""
    rows = []
    for seed in (0, 1):
        for method, by in (("aln", 1.0), ("random", 0.5)):
            figures = {"area": 25.0, "components": 2.0, "component_size": 12.5, "boundary": 8.0}
            figures |= {"drop_own": own * by + seed, "drop_start": own, "drop_others": others * by + seed}
            rows += [row(metric, value, method, seed) for metric, value in figures.items()]
        rows += [row("metric_1", 50.0 + 2 * seed, seed=seed), row("metric_1", 60.0, "center_box", seed)]
        rows += [row("metric_1", 40.0, "max_box", seed)]
        rows.append(row("classification_accuracy", 80.0, "classifier", seed))
    return [ArmRow("freeze", arm, made) for made in rows]


ROWS = [*arm_rows("0 trainable", own=40.0, others=10.0), *arm_rows("all trainable", own=20.0, others=20.0)]


def shown(rows: list[ArmRow], stopped: tuple[Stopped, ...] = ()) -> list[str]:
    found = {name: ABLATIONS[name] for name in ("freeze", "balance")}
    return page(found, rows, stopped, command="aln ablate", done="2 of 9", picture="f.png").splitlines()


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_a_table_has_a_line_for_each_arm_its_random_masks_and_the_trivial_boxes() -> None:
    lines = [cells(line) for line in shown(ROWS) if line.startswith("|")]
    header, _, *body = lines
    assert [line[0] for line in body] == [
        "0 trainable",
        "*0 trainable: random masks*",
        "all trainable",
        "*all trainable: random masks*",
        "*max_box (trivial)*",
        "*center_box (trivial)*",
    ]
    first = dict(zip(header, body[0], strict=True))
    assert first["lost: own"] == "40.5 ± 0.7"
    assert first["lost: others"] == "10.5 ± 0.7"
    assert first["transfer"] == "0.26"
    assert first["Metric 1"] == "51.0 ± 1.4"
    assert first["accuracy"] == "80.0 ± 0.0"
    assert first["seeds"] == "2"
    assert dict(zip(header, body[1], strict=True))["Metric 1"] == ""
    assert dict(zip(header, body[5], strict=True))["Metric 1"] == "60.0 ± 0.0"
    assert "mask IoU" not in header


def test_ablations_without_rows_have_no_table() -> None:
    assert "## freeze" in shown(ROWS)
    assert "## balance" not in shown(ROWS)


def test_what_stopped_itself_is_told() -> None:
    lines = shown([], (Stopped("penalty", "none", 0, "the masks have collapsed"),))
    assert "* penalty, none, seed 0: the masks have collapsed" in lines
    assert not any("f.png" in line for line in lines)


def test_what_stopped_itself_has_a_line_in_its_table() -> None:
    stopped = [Stopped("freeze", arm, seed, "why") for arm, seed in (("1 trainable", 0), ("1 trainable", 1))]
    stopped += [Stopped("freeze", "0 trainable", 2, "why"), Stopped("balance", "off", 0, "why")]
    body = [cells(line) for line in shown(ROWS, tuple(stopped)) if line.startswith("|")][2:]
    assert [(line[0], line[-1]) for line in body if "stopped" in line[0]] == [
        ("0 trainable: stopped itself", "1"),
        ("1 trainable: stopped itself", "2"),
    ]


@pytest.mark.parametrize(
    ("own", "others", "expected"),
    [
        pytest.param([40.0], [10.0], 0.25, id="an artifact"),
        pytest.param([40.0, 20.0], [40.0, 35.0], 1.25, id="two seeds"),
        pytest.param([0.5], [10.0], None, id="fools nobody"),
        pytest.param([], [], None, id="not measured"),
    ],
)
def test_transfer(own: list[float], others: list[float], expected: float | None) -> None:
    rows = [row("drop_own", value) for value in own] + [row("drop_others", value) for value in others]
    assert transfer(rows) == expected


def test_json_is_flat(tmp_path: Path) -> None:
    write_json(ROWS[:1], tmp_path / "rows.json")
    (entry,) = json.loads((tmp_path / "rows.json").read_text(encoding="utf-8"))
    assert (entry["ablation"], entry["arm"], entry["metric"]) == ("freeze", "0 trainable", "area")
    assert (
        Row(**{key: value for key, value in entry.items() if key not in ("ablation", "arm")}) == ROWS[0].row
    )


def test_a_figure_is_drawn(tmp_path: Path) -> None:
    write_figure({"freeze": ABLATIONS["freeze"], "balance": ABLATIONS["balance"]}, ROWS, tmp_path / "f.png")
    assert (tmp_path / "f.png").stat().st_size > 5_000
