"""Running tiny runs, stopping them, and comparing what they leave."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from rich.console import Console

from aln.config import Config
from aln.training import train
from aln.training.checkpoints import load_checkpoint
from aln.training.trainer import Trainer
from tests.conftest import TINY, tiny_config

# Four epochs of three steps; λ moves and both networks train, so that all state matters.
STEPS, EPOCHS = 3, 4
LIVELY = (
    "data.options.count=96",
    "training.epochs=2",
    "training.self_training_epochs=1",
    "training.flip=true",
    "training.shift=4",
    "balance.steer='accuracy'",
    "balance.target_fraction=1.0",
    "balance.momentum=0.5",
    "balance.rate=0.3",
)

# Sends itself the signal argv[1] when step argv[2] begins; then it is `aln`.
_STOPPING = """
import os, sys
from aln.training.trainer import Trainer
number, at = int(sys.argv.pop(1)), int(sys.argv.pop(1))
train_on = Trainer._train_on
def stopping(self, batch):
    if self.steps_done == at:
        os.kill(os.getpid(), number)
    train_on(self, batch)
Trainer._train_on = stopping
from aln.cli import main
main()
"""


def quiet() -> Console:
    return Console(file=io.StringIO(), width=300)


def said(console: Console) -> str:
    """All that was printed to a `quiet` console."""
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def lively_config(*overrides: str) -> Config:
    return tiny_config(*LIVELY, *overrides)


def aln_stopping_itself(
    number: int, at: int, out: Path, cache_root: Path, *overrides: str
) -> subprocess.CompletedProcess[str]:
    """`aln train` in a process of its own, which gets the signal `number` in step `at`."""
    settings = [
        part for each in (*TINY, *LIVELY, *overrides, "data.format='shapes'") for part in ("--set", each)
    ]
    command = [sys.executable, "-c", _STOPPING, str(number), str(at), "train", "shapes", "--out", str(out)]
    return subprocess.run(
        [*command, "--cache", str(cache_root), *settings], capture_output=True, text=True, check=False
    )


def before_step(monkeypatch: pytest.MonkeyPatch, at: int, action: Callable[[Trainer], None]) -> None:
    """Do `action` when step `at` of a run begins."""
    train_on = Trainer._train_on

    def acting(self: Trainer, batch: Any) -> None:
        if self.steps_done == at:
            action(self)
        train_on(self, batch)

    monkeypatch.setattr(Trainer, "_train_on", acting)


def resumed(out: Path, cache_root: Path) -> Path:
    return train(tiny_config(), out, resume=True, cache_root=cache_root, console=quiet())


def log_lines(run: Path) -> list[dict[str, Any]]:
    """The log, without the seconds."""
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    return [{key: value for key, value in line.items() if key != "seconds"} for line in lines]


def assert_equal_runs(one: Path, other: Path) -> None:
    """Weights, optimisers, λ and log lines are equal bit for bit, and so are the finished models."""
    mine, others = ({**load_checkpoint(run), "seconds": None} for run in (one, other))
    assert _differences(mine, others) == []
    assert log_lines(one) == log_lines(other)
    assert (one / "model.safetensors").read_bytes() == (other / "model.safetensors").read_bytes()


def _differences(one: Any, other: Any, where: str = "") -> list[str]:
    if isinstance(one, dict):
        if one.keys() != other.keys():
            return [where]
        return [found for key in one for found in _differences(one[key], other[key], f"{where}/{key}")]
    if isinstance(one, list | tuple):
        pairs = enumerate(zip(one, other, strict=True))
        return [found for index, (a, b) in pairs for found in _differences(a, b, f"{where}/{index}")]
    same = torch.equal(one, other) if isinstance(one, torch.Tensor) else one == other
    return [] if same else [where]
