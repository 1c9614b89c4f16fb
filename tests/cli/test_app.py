"""The command line as a whole: every verb, and what it says when something is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from aln.cli import app
from tests.cli.calls import Call

VERBS = typer.main.get_group(app).commands


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(aln: Call, verb: str) -> None:
    outcome = aln(verb, "--help")
    assert outcome.code == 0
    assert verb in outcome.out


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
        ("train shapes --out {tmp}/r --resume --preset poster --set a.b=1", ["drop --preset, --set a.b=1,"]),
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
        ("localize {run} {photos} --out {tmp}/f --device abacus", ["device 'abacus'", "try 'auto'"]),
        ("convert {photos} --to coco", ["{photos}: holds no results"]),
        ("evaluate {run} shapes --methods lan", ["did you mean 'aln'"]),
        ("evaluate {run} shapes --rules papr", ["did you mean 'paper'"]),
        ("evaluate {run} shapes --set data.options.cout=8", ["'cout'", "count"]),
        ("evaluate {run} {tmp}/nowhere", ["{tmp}/nowhere"]),
        ("evaluate {run} shapes --format shape", ["did you mean 'shapes'"]),
        ("sheet {run} shapes --out {tmp}/s.png --device cuda:97", ["device 'cuda:97' can't be used here"]),
        ("evaluate {run} shapes --device cuda:97", ["device 'cuda:97' can't be used here", "try 'auto'"]),
        ("evaluate {run} shapes --write-metadata {tmp}/file/split", ["{tmp}/file", "can't be written"]),
        ("evaluate {run} shapes --write-score-maps {tmp}/file", ["{tmp}/file", "can't be written"]),
        ("info {tmp}/" + 300 * "x", [f"{300 * 'x'}: File name too long; check the path"]),
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
