"""`aln export`, and the other verbs on what it wrote."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.calls import Call
from tests.exported.conftest import exported  # noqa: F401 the fixture


def test_export_then_localize_gives_the_same_results(
    aln: Call, tiny_run: Path, photographs: Path, tmp_path: Path
) -> None:
    path = tmp_path / "model.onnx"
    outcome = aln("export", tiny_run, path, "--check", photographs)
    assert (outcome.code, outcome.out) == (0, "")
    assert "on 5 photographs" in outcome.err
    lines = []
    for model in (tiny_run, path):
        found = tmp_path / f"found by {model.stem}"
        assert aln("localize", model, photographs, "--out", found, "--to", "csv").code == 0
        rows = [json.loads(line) for line in (found / "localizations.jsonl").read_text("utf-8").splitlines()]
        lines.append([(row["image"], row["boxes"]) for row in rows])
        assert {file.name for file in found.iterdir()} >= {"masks", "overlays", "annotations", "run.json"}
    assert lines[0] == lines[1]


def test_an_exported_model_is_measured_like_a_run(
    aln: Call,
    tiny_run: Path,
    exported: Path,  # noqa: F811
    tmp_path: Path,
) -> None:
    rows = tmp_path / "rows.json"
    data = ("shapes", "--set", "data.options.count=64", "--out", rows)
    figures = []
    for model in (tiny_run, exported):
        assert aln("evaluate", model, *data, "--max-images", 20).code == 0
        measured = json.loads(rows.read_text())
        figures.append([row["value"] for row in measured if row["method"] in ("aln", "classifier")])
    assert figures[0] == pytest.approx(figures[1], abs=1e-3)
    assert aln("evaluate", exported, *data).code == 0


@pytest.mark.parametrize(
    ("arguments", "fragment"),
    [
        ("export {run} {tmp}/model.pt", "ends in .onnx"),
        ("export {tmp} {tmp}/model.onnx", "is no trained model"),
        ("export {run} {tmp}/file/model.onnx", "{tmp}/file"),
        ("localize {onnx} {photos} --out {tmp}/f --method cam", "folder of the run"),
        ("localize {tmp}/nowhere.onnx {photos} --out {tmp}/f", "nowhere.onnx: can't be read"),
        ("localize {tmp}/file {photos} --out {tmp}/f", "no ONNX model"),
        ("sheet {tmp}/file shapes --out {tmp}/sheet.png", "no ONNX model"),
    ],
    ids=lambda value: value,
)
def test_mistakes_are_named_with_the_way_out(
    aln: Call,
    places: dict[str, str],
    exported: Path,  # noqa: F811
    arguments: str,
    fragment: str,
) -> None:
    places = {**places, "onnx": str(exported)}
    outcome = aln(*(part.format(**places) for part in arguments.split(" ")))
    assert outcome.code == 2
    assert outcome.err.startswith("error: ")
    assert fragment.format(**places) in outcome.err
    assert not Path(places["tmp"], "f").exists()
