"""`aln train`."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from aln.config import Config
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


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Config]:
    """The settings that training is called with; nothing is trained."""
    asked: list[Config] = []
    monkeypatch.setattr("aln.training.train", lambda config, *_, **__: asked.append(config))
    return asked


def test_a_run_goes_on_where_it_is_told_to_compute(aln: Call, asked: list[Config], tmp_path: Path) -> None:
    here = ("--set", "training.device=cpu", "--set", "training.threads=2")
    assert aln("train", "shapes", "--out", tmp_path, "--resume", *here).code == 0
    assert (asked[0].training.device, asked[0].training.threads) == ("cpu", 2)


@pytest.mark.parametrize(
    ("options", "dropped"),
    [
        (("--set", "training.epochs=9"), "--set training.epochs=9"),
        (("--set", "training.device=cpu", "--set", "training.flip=false"), "--set training.flip=false"),
        (("--set", "data.options.device=1"), "--set data.options.device=1"),
        (("--preset", "poster", "--seed", "0"), "--preset, --seed"),
        (("--overwrite",), "--overwrite"),
    ],
)
def test_what_a_run_that_goes_on_keeps(
    aln: Call, asked: list[Config], tmp_path: Path, options: tuple[str, ...], dropped: str
) -> None:
    outcome = aln("train", "shapes", "--out", tmp_path, "--resume", *options)
    assert outcome.code != 0
    assert f"drop {dropped}, or drop --resume" in " ".join(outcome.err.split())
    assert asked == []


@pytest.mark.parametrize(
    ("variant", "method", "message"),
    [
        ("aln", "casm", "needs a masker, .* out for 'aln', or set training.variant=casm"),
        ("aln", "acol", "needs a second branch, .* or set training.variant=acol"),
        ("casm", "supervised", "needs a box head, .* out for 'casm', or set training.variant=supervised"),
        (
            "cutmix",
            "aln_class_agnostic",
            "needs a corruption net, .* out for 'cam', or set training.variant=aln",
        ),
        ("aln", "aln_class_agnostic", ""),
        ("aln", "cam", ""),
        ("cutmix", "aln", ""),  # the default, which gives way to the variant's own
        ("acol", "acol", ""),
        ("aln", "camm", "did you mean 'cam'"),
        ("alm", "cam", "did you mean 'aln'"),
    ],
)
def test_a_method_that_the_model_will_not_run_is_noticed_before_training(
    aln: Call, asked: list[Config], tmp_path: Path, *, variant: str, method: str, message: str
) -> None:
    chosen = ("--set", f"training.variant={variant}", "--set", f"localize.method={method}")
    outcome = aln("train", "shapes", "--out", tmp_path, *chosen)
    assert (outcome.code == 0) == bool(asked) == (not message)
    assert re.search(message, " ".join(outcome.err.split()))
