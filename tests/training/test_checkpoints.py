"""Checkpoints: whole or refused, and never code."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import pickle
from pathlib import Path
from typing import Any, NoReturn

import pytest
import torch

from aln.errors import ModelError, TrainingError
from aln.training.checkpoints import CHECKPOINT, load_checkpoint, save_checkpoint

STATE: dict[str, Any] = {
    "epoch": 3,
    "accuracy": 0.1 + 0.2,
    "name": "vögel",
    "balance": None,
    "means": {"loss": [1.5, 2.0]},
    "weights": {"w": torch.arange(6.0).view(2, 3), "steps": torch.tensor(7)},
}


def _flat(state: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in state.items() if key != "weights"}


def test_round_trip(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, STATE)
    state = load_checkpoint(tmp_path)
    assert _flat(state) == _flat(STATE)
    assert torch.equal(state["weights"]["w"], STATE["weights"]["w"])
    assert state["weights"]["steps"] == 7
    assert [path.name for path in tmp_path.iterdir()] == [CHECKPOINT]


@pytest.mark.parametrize("kept", [0.0, 0.003, 0.01, 0.02, 0.03, 0.3, 0.5, 0.99])
def test_truncated(tmp_path: Path, kept: float) -> None:
    save_checkpoint(tmp_path, STATE)
    data = (tmp_path / CHECKPOINT).read_bytes()
    (tmp_path / CHECKPOINT).write_bytes(data[: int(kept * len(data))])
    with pytest.raises(ModelError, match=rf"{CHECKPOINT}: is truncated or was changed.*--overwrite"):
        load_checkpoint(tmp_path)


@pytest.mark.parametrize("place", [0, 15, 16, 47, 48, 500, 1000, -1])
def test_one_byte_changed(tmp_path: Path, place: int) -> None:
    save_checkpoint(tmp_path, STATE)
    data = bytearray((tmp_path / CHECKPOINT).read_bytes())
    data[place] ^= 1
    (tmp_path / CHECKPOINT).write_bytes(data)
    with pytest.raises(ModelError, match="is truncated or was changed"):
        load_checkpoint(tmp_path)


def test_bytes_added(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, STATE)
    with (tmp_path / CHECKPOINT).open("ab") as file:
        file.write(b"\0")
    with pytest.raises(ModelError, match="is truncated or was changed"):
        load_checkpoint(tmp_path)


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no checkpoint to resume from.*train without --resume"):
        load_checkpoint(tmp_path)


@pytest.mark.parametrize(
    ("owner", "call", "number"),
    [(os, "fsync", errno.ENOSPC), (Path, "replace", errno.ENOSPC), (Path, "replace", errno.EACCES)],
)
def test_a_failed_write_leaves_the_earlier_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: object, call: str, number: int
) -> None:
    def failing(*_: object) -> NoReturn:
        raise OSError(number, os.strerror(number))

    save_checkpoint(tmp_path, STATE)
    with monkeypatch.context() as patched:
        patched.setattr(owner, call, failing)
        with pytest.raises(TrainingError, match=rf"{os.strerror(number)}.*before it is whole.*--resume"):
            save_checkpoint(tmp_path, {**STATE, "epoch": 4})
    assert load_checkpoint(tmp_path)["epoch"] == 3
    assert [path.name for path in tmp_path.iterdir()] == [CHECKPOINT]


class _Malicious:
    """Unpickling it makes a folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return (os.mkdir, (str(self.path),))


@pytest.mark.parametrize("form", ["torch", "pickle", "rubbish", "nothing"])
def test_code_in_a_checkpoint_is_never_run(tmp_path: Path, form: str) -> None:
    trap, buffer = tmp_path / "trap", io.BytesIO()
    if form == "torch":
        torch.save({"epoch": _Malicious(trap)}, buffer)
    payload = {
        "torch": buffer.getvalue(),
        "pickle": pickle.dumps(_Malicious(trap), protocol=2),
        "rubbish": b"x" * 99,
        "nothing": b"",
    }[form]
    save_checkpoint(tmp_path, STATE)
    magic = (tmp_path / CHECKPOINT).read_bytes()[:16]
    (tmp_path / CHECKPOINT).write_bytes(magic + hashlib.sha256(payload).digest() + payload)
    with pytest.raises(ModelError, match=rf"{CHECKPOINT}: was not written by aln.*--overwrite"):
        load_checkpoint(tmp_path)
    assert not trap.exists()
