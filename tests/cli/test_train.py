"""`aln train`."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.calls import Call
from tests.conftest import TINY


def test_train_then_info(aln: Call, tmp_path: Path) -> None:
    settings = [part for setting in TINY for part in ("--set", setting)]
    outcome = aln(
        "train", "shapes", "--out", tmp_path / "run", *settings, "--seed", 7, "--cache", tmp_path / "c"
    )
    assert (outcome.code, outcome.out) == (0, "")
    assert "aln localize" in outcome.err
    told = json.loads(aln("info", tmp_path / "run", "--json").out)
    assert told["config"]["training"]["seed"] == 7
    assert len(told["classes"]) == 6
