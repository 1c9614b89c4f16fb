"""`aln ablate`: what it says when something is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.calls import Call


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("freez", [], "did you mean 'freeze'"),
        ("freeze,balanc", [], "did you mean 'balance'"),
        (",", [], "name an ablation"),
        ("freeze", ["--seeds", "0,x"], "--seeds '0,x': write whole numbers with commas"),
        ("freeze", ["--seeds", ""], "write whole numbers with commas"),
        ("freeze", ["--seeds", "1000"], "seed 1000 is that of the fresh classifier"),
        ("freeze", ["--set", "training.epoch=1"], "did you mean 'epochs'"),
        ("freeze", ["--format", "folder"], "shapes"),
        ("freeze", ["--preset", "postr"], "did you mean 'poster'"),
    ],
)
def test_mistakes_are_told_before_anything_is_trained(
    aln: Call, tmp_path: Path, name: str, options: list[str], message: str
) -> None:
    outcome = aln("ablate", name, "shapes", "--out", tmp_path / "out", *options)
    assert outcome.code == 2
    assert message in outcome.err
    assert not (tmp_path / "out").exists()
