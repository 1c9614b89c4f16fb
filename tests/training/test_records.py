"""Running means, the log and the TensorBoard scalars."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest

from aln.errors import TrainingError
from aln.training.records import LOG, TENSORBOARD, Means, RunLog
from tests.training import runs


def _record(epoch: int, **more: Any) -> dict[str, Any]:
    return {"epoch": epoch, "phase": "warm-up", "clean_accuracy": 0.1 * epoch, **more}


def _scalars(folder: Path, name: str) -> list[tuple[int, float]]:
    # its reader has no type stubs
    from tensorboard.backend.event_processing.event_accumulator import (  # type: ignore[import-untyped]
        EventAccumulator,
    )

    events = EventAccumulator(str(folder / TENSORBOARD))
    events.Reload()
    return [(event.step, round(event.value, 4)) for event in events.Scalars(name)]


def test_means_against_a_loop() -> None:
    means = Means()
    for value in (1.0, 2.0, 6.0):
        means.add(loss=value)
    means.add(area=0.5)
    assert means.means() == {"loss": 3.0, "area": 0.5}
    assert Means().means() == {}


def test_means_continue_from_their_state() -> None:
    unbroken, stopped = Means(), Means()
    for means in (unbroken, stopped):
        means.add(loss=0.1, area=0.7)
    resumed = Means(json.loads(json.dumps(stopped.state())))
    for means in (unbroken, resumed):
        means.add(loss=0.2)
    assert resumed.means() == unbroken.means()


def test_a_log_line_an_epoch(tmp_path: Path) -> None:
    log = RunLog(tmp_path, 0)
    for epoch in range(3):
        log.add(_record(epoch, name="vögel"))
    lines = (tmp_path / LOG).read_text(encoding="utf-8").splitlines()
    assert (
        [json.loads(line) for line in lines] == log.records() == [_record(e, name="vögel") for e in range(3)]
    )
    assert _scalars(tmp_path, "clean_accuracy") == [(0, 0.0), (1, 0.1), (2, 0.2)]


@pytest.mark.parametrize("first_epoch", [0, 1, 3])
def test_resuming_drops_what_comes_again(tmp_path: Path, first_epoch: int) -> None:
    log = RunLog(tmp_path, 0)
    for epoch in range(3):
        log.add(_record(epoch))
    again = RunLog(tmp_path, first_epoch)
    for epoch in range(first_epoch, 4):
        again.add(_record(epoch))
    assert again.records() == [_record(epoch) for epoch in range(4)]


@pytest.mark.parametrize("sessions", [[(0, 3), (1, 4)], [(0, 2)] * 11 + [(1, 4)]], ids=["two", "twelve"])
def test_resumed_scalars_hold_each_epoch_once(tmp_path: Path, sessions: list[tuple[int, int]]) -> None:
    for first, last in sessions:
        log = RunLog(tmp_path, first)
        for epoch in range(first, last):
            log.add(_record(epoch))
    assert [epoch for epoch, _ in _scalars(tmp_path, "clean_accuracy")] == [0, 1, 2, 3]


def test_a_half_written_last_line_is_left_out(tmp_path: Path) -> None:
    (tmp_path / LOG).write_text(json.dumps(_record(0)) + '\n{"epoch": 1, "pha', encoding="utf-8")
    log = RunLog(tmp_path, 2)
    log.add(_record(2))
    assert log.records() == [_record(0), _record(2)]


def test_a_log_that_can_not_be_written(tmp_path: Path) -> None:
    log = RunLog(tmp_path, 0)
    (tmp_path / LOG).unlink()
    (tmp_path / LOG).mkdir()
    with pytest.raises(TrainingError, match=rf"{LOG}: can't be written .*make room.*--resume"):
        log.add(_record(0))


@pytest.mark.parametrize("kept", [0, 2])
def test_a_full_disk_costs_tensorboard_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: int
) -> None:
    """It is told once, whether the file can't be begun or not be added to."""
    opened: list[str] = []

    def full(path: Path, mode: str = "r", real: Any = Path.open, **more: Any) -> Any:
        if TENSORBOARD not in path.parts:
            return real(path, mode, **more)
        opened.append(path.name)
        if len(opened) > kept:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(path, mode, **more)

    monkeypatch.setattr(Path, "open", full)
    console = runs.quiet()
    log = RunLog(tmp_path, 0, console)
    for epoch in range(3):
        log.add(_record(epoch))
    assert len(log.records()) == 3
    assert runs.said(console).count("can't be written (No space left on device)") == 1
    assert "training goes on without TensorBoard" in runs.said(console)
    assert len(opened) == kept + 1
