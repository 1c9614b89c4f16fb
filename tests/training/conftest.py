"""Fixtures of the training tests: one image cache, one unbroken run."""

from __future__ import annotations

from pathlib import Path

import pytest

from aln.training import train
from tests.training import runs


@pytest.fixture(scope="session")
def cache_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Decoded images that all runs share."""
    return tmp_path_factory.mktemp("decoded")


@pytest.fixture
def without_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs draw nothing: that takes longer than training does."""
    for name in ("write_sheet", "training_curves"):
        monkeypatch.setattr(f"aln.training.trainer.{name}", lambda *_: None)


@pytest.fixture(scope="session")
def unbroken(tmp_path_factory: pytest.TempPathFactory, cache_root: Path) -> Path:
    """A run of `runs.lively_config` that was never stopped: leave it as it is."""
    out = tmp_path_factory.mktemp("unbroken") / "run"
    return train(runs.lively_config(), out, cache_root=cache_root, console=runs.quiet())
