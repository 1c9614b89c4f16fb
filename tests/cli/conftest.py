"""A command line run in this process, and what it can name."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from aln.cli import main
from tests.cli.calls import Call, Outcome


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
