"""The command line as a user meets it: every verb, and what it says when something is wrong."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import cv2
import pytest

from aln.cli import main


class Outcome(NamedTuple):
    code: int
    out: str
    err: str


Call = Callable[..., Outcome]


@pytest.fixture
def aln(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Runs a command line in this process."""

    def call(*arguments: object) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["aln", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as leaving:
            code = int(leaving.code or 0)
        return Outcome(code, *capsys.readouterr())

    return call


@pytest.fixture
def places(tiny_run: Path, photographs: Path, tmp_path: Path) -> dict[str, str]:
    """What command lines can name: a trained run, photographs, an empty folder and a file in the way."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    return {"tmp": str(tmp_path), "run": str(tiny_run), "photos": str(photographs)}


@pytest.fixture
def run(tiny_run: Path, tmp_path: Path) -> Path:
    """A copy of the trained run that a test may write to."""
    return Path(shutil.copytree(tiny_run, tmp_path / "run"))


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


SHAPES = ("shapes", "--set", "data.options.count=64")


@pytest.mark.parametrize(
    "verb", ["train", "localize", "convert", "formats", "evaluate", "sheet", "info", "methods", "presets"]
)
def test_every_verb_explains_itself(aln: Call, verb: str) -> None:
    outcome = aln(verb, "--help")
    assert outcome.code == 0
    assert verb in outcome.out


def test_train_then_info(aln: Call, tmp_path: Path) -> None:
    from tests.conftest import TINY

    settings = [part for setting in TINY for part in ("--set", setting)]
    outcome = aln(
        "train", "shapes", "--out", tmp_path / "run", *settings, "--seed", 7, "--cache", tmp_path / "c"
    )
    assert (outcome.code, outcome.out) == (0, "")
    assert "aln localize" in outcome.err
    told = json.loads(aln("info", tmp_path / "run", "--json").out)
    assert told["config"]["training"]["seed"] == 7
    assert len(told["classes"]) == 6


def test_localize_writes_everything_a_user_needs(
    aln: Call, tiny_run: Path, photographs: Path, tmp_path: Path
) -> None:
    found = tmp_path / "found"
    outcome = aln("localize", tiny_run, photographs, "--out", found)
    assert outcome.code == 0
    assert "5 localized, 0 failed" in outcome.err
    rows = {str(row["image"]): row for row in lines(found / "localizations.jsonl")}
    assert set(rows) == {"a.jpg", "b b.png", "vögel/drossel.jpg", "vögel/雀.png", "deep/er/c.JPEG"}
    for image_id, row in rows.items():
        mask = cv2.imread(str(found / "masks" / f"{image_id}.png"), cv2.IMREAD_UNCHANGED)
        assert mask is not None
        assert mask.shape == (row["height"], row["width"])
        assert (found / "overlays" / f"{image_id}.jpg").stat().st_size > 0


def test_localize_continues_where_it_stopped(
    aln: Call, tiny_run: Path, photographs: Path, tmp_path: Path
) -> None:
    found = tmp_path / "found"
    aln("localize", tiny_run, photographs, "--out", found, "--no-overlays")
    log = found / "localizations.jsonl"
    whole = log.read_bytes()
    kept = whole.splitlines(keepends=True)[:2]
    log.write_bytes(b"".join(kept) + b'{"image": "vo')
    outcome = aln("localize", tiny_run, photographs, "--out", found, "--no-overlays", "--batch-size", 1)
    assert "3 localized, 2 done before, 0 failed" in outcome.err
    assert log.read_bytes().startswith(b"".join(kept))
    assert {row["image"] for row in lines(log)} == {json.loads(line)["image"] for line in whole.splitlines()}
    assert not (found / "overlays").exists()
    assert "5 done before" in aln("localize", tiny_run, photographs, "--out", found).err
    assert "5 localized, 0 failed" in aln("localize", tiny_run, photographs, "--out", found, "--redo").err


def test_annotations_hold_all_results_of_the_folder(
    aln: Call, tiny_run: Path, photographs: Path, tmp_path: Path
) -> None:
    found = tmp_path / "found"
    table, coco = found / "annotations/csv/boxes.csv", found / "annotations/coco/annotations.json"
    assert aln("localize", tiny_run, photographs / "a.jpg", "--out", found).code == 0
    outcome = aln("convert", found, "--to", "csv, coco", "--to", "csv")
    assert outcome.code == 0
    assert outcome.out.split() == [str(table.parent), str(coco.parent)]
    assert len(table.read_text(encoding="utf-8").splitlines()) == 2
    whole = (tiny_run, photographs, "--out", tmp_path / "whole", "--to", "csv")
    assert aln("localize", *whole).code == 0
    table = tmp_path / "whole/annotations/csv/boxes.csv"
    assert len(table.read_text(encoding="utf-8").splitlines()) == 6
    (photographs / "new.jpg").write_bytes((photographs / "a.jpg").read_bytes())
    assert aln("localize", *whole[:-2]).code == 0
    assert len(table.read_text(encoding="utf-8").splitlines()) == 7, "written again without being asked"
    (photographs / "new.jpg").unlink()
    assert aln("localize", *whole[:-2], "--redo").code == 0
    assert not table.exists()


def test_results_among_the_photographs_are_no_photographs(
    aln: Call, tiny_run: Path, photographs: Path
) -> None:
    for _ in range(2):
        outcome = aln("localize", tiny_run, photographs, "--out", photographs / "found")
    assert "0 localized, 5 done before, 0 failed" in outcome.err


def test_localize_keeps_results_of_different_settings_apart(
    aln: Call, tiny_run: Path, photographs: Path, tmp_path: Path
) -> None:
    again = ("localize", tiny_run, photographs / "a.jpg", "--out", tmp_path / "found")
    assert aln(*again).code == 0
    refused = aln(*again, "--rule", "otsu")
    assert refused.code == 2
    assert "rule 'paper', not 'otsu'" in refused.err
    assert aln(*again, "--rule", "otsu", "--redo").code == 0


@pytest.mark.parametrize(
    "content", [b"", b"no image at all", b"\xff\xd8\xff\xe0 cut"], ids=["empty", "text", "cut"]
)
def test_a_bad_photograph_ends_a_run_only_when_strict(
    aln: Call, tiny_run: Path, photographs: Path, tmp_path: Path, content: bytes
) -> None:
    (photographs / "bad.jpg").write_bytes(content)
    outcome = aln("localize", tiny_run, photographs, "--out", tmp_path / "found")
    assert outcome.code == 0
    assert "5 localized, 1 failed" in outcome.err
    assert [row["image"] for row in lines(tmp_path / "found" / "failures.jsonl")] == ["bad.jpg"]
    strict = aln("localize", tiny_run, photographs, "--out", tmp_path / "strict", "--strict")
    assert strict.code == 2
    assert str(photographs / "bad.jpg") in strict.err


def test_evaluate_records_scores_that_info_shows(aln: Call, run: Path, tmp_path: Path) -> None:
    rows = tmp_path / "scores" / "rows.json"
    told = ("--methods", "aln,cam", "--rules", "paper,otsu", "--out", rows)
    outcome = aln("evaluate", run, *SHAPES, *told)
    assert outcome.code == 0
    measured = json.loads(rows.read_text())
    assert {row["method"] for row in measured} == {"aln", "cam", "max_box", "center_box", "classifier"}
    assert json.loads(aln("info", run, "--json").out)["scores"] == measured
    assert aln("evaluate", run, *SHAPES, *told).code == 0
    assert len(json.loads(aln("info", run, "--json").out)["scores"]) == len(measured)
    assert "center_box" in aln("info", run).out


def test_sheet_draws_a_picture(aln: Call, tiny_run: Path, tmp_path: Path) -> None:
    assert aln("sheet", tiny_run, *SHAPES, "--count", 4, "--out", tmp_path / "sheet.png").code == 0
    sheet = cv2.imread(str(tmp_path / "sheet.png"))
    assert sheet is not None
    assert sheet.std() > 10


def test_lists_name_everything_registered(aln: Call) -> None:
    from aln.export import FORMATS

    assert [line.split()[0] for line in aln("formats").out.splitlines()] == list(FORMATS)
    from aln.config import preset_names
    from aln.methods import METHODS

    assert all(name in aln("methods").out for name in METHODS)
    assert aln("presets").out.split() == list(preset_names())


@pytest.mark.parametrize(
    ("arguments", "fragments"),
    [
        ("train shapes --out {tmp}/r --set training.batchsize=8", ["did you mean 'batch_size'"]),
        ("train shapes --out {tmp}/r --set trainin.epochs=8", ["did you mean 'training'"]),
        ("train shapes --out {tmp}/r --set epochs", ["section.key=value"]),
        ("train shapes --out {tmp}/r --preset postr", ["did you mean 'poster'"]),
        ("train shapes --out {tmp}/r --epochs 0", ["training.epochs"]),
        ("train shapes --out {tmp}/r --set preset=poster", ["--preset NAME"]),
        ("train shapes --out {tmp}/r --set localize.rule=papr", ["did you mean 'paper'"]),
        ("train shapes --out {tmp}/r --set localize.method=caam", ["did you mean 'cam'"]),
        ("train shapes --out {tmp}/r --set training.objective=x", ["called 'x'. Choose from: margin"]),
        ("train shapes --out {tmp}/r --resume --seed 0", ["drop --seed,", "drop --resume"]),
        ("train shapes --out {tmp}/r --resume --preset poster --set a.b=1", ["drop --preset, --set,"]),
        ("train shapes --out {tmp}/r --resume --overwrite", ["drop --overwrite,"]),
        ("train {tmp}/nowhere --out {tmp}/r", ["{tmp}/nowhere", "does not exist"]),
        ("train shapes --out {tmp}/file/r", ["{tmp}/file"]),
        ("localize {tmp} {photos} --out {tmp}/f", ["{tmp}: is no trained model", "--resume"]),
        ("localize {run} {tmp}/nowhere --out {tmp}/f", ["{tmp}/nowhere"]),
        ("localize {run} {tmp}/empty --out {tmp}/f", ["{tmp}/empty", "no photographs"]),
        ("localize {run} {photos} --out {tmp}/file/f", ["{tmp}/file", "can't be written"]),
        ("localize {run} {photos} --out {tmp}/f --method caam", ["did you mean 'cam'"]),
        ("localize {run} {photos} --out {tmp}/f --rule fixed", ["fixed:NUMBER"]),
        ("localize {run} {photos} --out {tmp}/f --to coc", ["did you mean 'coco'"]),
        ("convert {photos} --to coco", ["{photos}: holds no results"]),
        ("evaluate {run} shapes --methods lan", ["did you mean 'aln'"]),
        ("evaluate {run} shapes --rules papr", ["did you mean 'paper'"]),
        ("evaluate {run} shapes --set data.options.cout=8", ["'cout'", "count"]),
        ("evaluate {run} {tmp}/nowhere", ["{tmp}/nowhere"]),
        ("evaluate {run} shapes --format shape", ["did you mean 'shapes'"]),
        ("info {tmp}/nowhere", ["{tmp}/nowhere: is no trained model"]),
        ("evaluate {run} shapes --out {tmp}/file/rows.json", ["{tmp}/file", "can't be written"]),
        ("evaluate {run} shapes --out {tmp}/empty", ["{tmp}/empty: is a folder"]),
        ("sheet {run} shapes --out {tmp}/file/sheet.png", ["{tmp}/file", "can't be written"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_mistakes_are_named_with_the_way_out(
    aln: Call, places: dict[str, str], tmp_path: Path, arguments: str, fragments: list[str]
) -> None:
    outcome = aln(*(part.format(**places) for part in arguments.split(" ")))
    assert outcome.code == 2
    assert outcome.err.startswith("error: ")
    assert "Traceback" not in outcome.err
    for fragment in fragments:
        assert fragment.format(**places) in outcome.err
    assert not [*(tmp_path / "r").glob("*"), *(tmp_path / "f").glob("*")], (
        "the next try must find no leftovers"
    )


def test_ctrl_c_leaves_with_130(aln: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("aln.config.preset_names", interrupted)
    assert aln("presets").code == 130
