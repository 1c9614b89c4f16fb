"""`train` and its folder: what it makes, what it refuses, what it leaves alone."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any, NoReturn

import cv2
import numpy as np
import pytest

from aln.config import load_config
from aln.errors import AlnError, DataError, TrainingError
from aln.training import train
from tests.conftest import TINY, tiny_config
from tests.training import runs

MADE = {
    "checkpoint.ckpt",
    "config.toml",
    "curves.png",
    "log.jsonl",
    "model.json",
    "model.safetensors",
    "sheets",
    "tensorboard",
}


def _content(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_what_a_run_makes(unbroken: Path) -> None:
    assert {path.name for path in unbroken.iterdir()} == MADE
    assert sorted(path.name for path in (unbroken / "sheets").iterdir()) == [
        f"epoch_{epoch:03d}.png" for epoch in (1, 2, 3)
    ]
    assert [path.name.split(".")[0] for path in (unbroken / "tensorboard").iterdir()] == ["events"]
    for picture in ("curves.png", "sheets/epoch_002.png"):
        pixels = cv2.imread(str(unbroken / picture))
        assert pixels is not None
        assert pixels.std() > 5


def test_an_earlier_run_is_not_touched_unless_asked(unbroken: Path, cache_root: Path) -> None:
    before = _content(unbroken)
    with pytest.raises(TrainingError, match="already holds a run; use --resume, --overwrite, or another"):
        train(tiny_config(), unbroken, cache_root=cache_root, console=runs.quiet())
    assert _content(unbroken) == before


def test_overwrite_removes_the_runs_own_files_only(cache_root: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    train(tiny_config("training.epochs=2"), run, cache_root=cache_root, console=runs.quiet())
    (run / "notes.txt").write_text("mine")
    (run / "pictures").mkdir()
    (run / "pictures" / "mine.png").write_text("mine")
    train(tiny_config("training.seed=3"), run, overwrite=True, cache_root=cache_root, console=runs.quiet())
    assert {path.name for path in run.iterdir()} == MADE | {"notes.txt", "pictures"}
    assert (run / "notes.txt").read_text() == (run / "pictures" / "mine.png").read_text() == "mine"
    assert len(runs.log_lines(run)) == 2
    assert sorted(path.name for path in (run / "sheets").iterdir()) == ["epoch_001.png"]
    assert "seed = 3" in (run / "config.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "wrong",
    [
        "data.path='nowhere'",
        "training.objective='margins'",
        "training.device='gpu'",
        "superpixels.algorithm='slik'",
    ],
)
def test_a_mistake_costs_no_earlier_run(
    cache_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    monkeypatch.chdir(tmp_path)
    mistaken = tiny_config(wrong, "data.format='auto'")
    with pytest.raises(AlnError):
        train(mistaken, tmp_path / "new", cache_root=cache_root, console=runs.quiet())
    assert list((tmp_path / "new").iterdir()) == []  # so that the corrected command just works

    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.toml").write_text("an earlier run")
    before = _content(tmp_path / "run")
    with pytest.raises(AlnError):
        train(mistaken, tmp_path / "run", overwrite=True, cache_root=cache_root, console=runs.quiet())
    assert _content(tmp_path / "run") == before


def _file(out: Path) -> None:
    out.write_text("")


def _beside_other_files(out: Path) -> None:
    out.mkdir()
    (out / "thesis.txt").write_text("")


def _below_a_file(out: Path) -> None:
    out.parent.rmdir()
    out.parent.write_text("")


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        (_file, "is not an empty folder; choose another one"),
        (_beside_other_files, "is not an empty folder; choose another one"),
        (_below_a_file, "can't be written .*choose another --out"),
    ],
)
def test_folders_that_are_refused(cache_root: Path, tmp_path: Path, prepare: Any, message: str) -> None:
    (tmp_path / "sub").mkdir()
    out = tmp_path / "sub" / "run"
    prepare(out)
    for overwrite in (False, True):
        with pytest.raises(TrainingError, match=message) as raised:
            train(tiny_config(), out, overwrite=overwrite, cache_root=cache_root, console=runs.quiet())
        assert str(out) in str(raised.value)


def test_a_folder_without_permission(
    cache_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(TrainingError, match=r"run: can't be written \(Permission denied\)"):
        train(tiny_config(), tmp_path / "run", cache_root=cache_root, console=runs.quiet())


@pytest.mark.parametrize(
    ("writer", "name"),
    [("aln.training.checkpoints", "checkpoint.ckpt"), ("aln.visualize.drawing", "sheets.epoch_001.png")],
)
def test_a_full_disk_in_the_middle(
    unbroken: Path,
    cache_root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    writer: str,
    name: str,
) -> None:
    def full(*_: object) -> NoReturn:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    run = tmp_path / "run"
    told = rf"{name}: can't be written \(No space left on device\); .*ake room.* continue with --resume$"
    with monkeypatch.context() as patched:
        runs.before_step(patched, 4, lambda _: patched.setattr(f"{writer}.write_atomic", full))
        with pytest.raises(TrainingError, match=told):
            train(runs.lively_config(), run, cache_root=cache_root, console=runs.quiet())
    runs.resumed(run, cache_root)
    runs.assert_equal_runs(run, unbroken)


@pytest.mark.usefixtures("without_pictures")
def test_unreadable_photographs_are_reported_or_fatal(cache_root: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name in ("ants", "bees"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for index in range(16):
            picture = rng.integers(0, 256, (40, 50, 3), dtype=np.uint8)
            data = cv2.imencode(".png", picture)[1].tobytes()
            whole = (name, index) != ("bees", 5)
            (tmp_path / "photos" / name / f"{index} [x].png").write_bytes(data if whole else data[:200])
    where = {"data": {"path": str(tmp_path / "photos"), "format": "folder"}}
    config = load_config(overrides=[o for o in TINY if "options" not in o], settings=where)
    with pytest.raises(DataError, match=r"5 \[x\].png"):
        train(config, tmp_path / "strict", strict=True, cache_root=cache_root, console=runs.quiet())
    console = runs.quiet()
    train(config, tmp_path / "run", cache_root=cache_root, console=console)
    assert "1 photographs could not be read and were left out" in runs.said(console)
    assert "5 [x].png" in runs.said(console)
