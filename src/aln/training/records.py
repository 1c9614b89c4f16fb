"""What a run writes down while it trains: one JSON line an epoch, and TensorBoard scalars."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console

from aln.errors import TrainingError
from aln.files import write_atomic

LOG = "log.jsonl"
TENSORBOARD = "tensorboard"

Record = dict[str, Any]


class Means:
    """Running means by name, as plain numbers that a checkpoint can hold."""

    def __init__(self, sums: dict[str, list[float]] | None = None) -> None:
        self.sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0], sums or {})

    def add(self, **values: float) -> None:
        """Take in one value of each name."""
        for name, value in values.items():
            total, count = self.sums[name]
            self.sums[name] = [total + value, count + 1]

    def means(self) -> dict[str, float]:
        """The mean of each name."""
        return {name: total / count for name, (total, count) in self.sums.items() if count}

    def state(self) -> dict[str, list[float]]:
        """For a checkpoint."""
        return dict(self.sums)


class RunLog:
    """The log of a run, in its folder.

    Args:
        folder: The run folder.
        first_epoch: Where this session starts; lines of this epoch and later ones are dropped.
        console: Where it is told that TensorBoard's file can't be written; standard error by default.

    Raises:
        TrainingError: If the log can't be written.
    """

    def __init__(self, folder: Path, first_epoch: int, console: Console | None = None) -> None:
        self.path = folder / LOG
        kept = [record for record in self.records() if record["epoch"] < first_epoch]
        with _writing(self.path):
            write_atomic(self.path, "".join(json.dumps(record) + "\n" for record in kept).encode())
        self._board = _Board(folder / TENSORBOARD, console or Console(stderr=True))
        self._board.begin(kept)

    def records(self) -> list[Record]:
        """All lines so far; a half-written last one is left out."""
        if not self.path.exists():
            return []
        lines = self.path.read_text(encoding="utf-8").split("\n")
        return [json.loads(line) for line in lines[:-1]]

    def add(self, record: Record) -> None:
        """Append one epoch.

        Raises:
            TrainingError: If it can't be written.
        """
        with _writing(self.path), self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
        self._board.show(record)


class _Board:
    """The scalars once more, for TensorBoard; where they can't be written, the run goes on without.

    PyTorch's own writer does it in a thread, which fails where nobody can catch it.
    """

    def __init__(self, folder: Path, console: Console) -> None:
        self._path = folder / f"events.out.tfevents.{time.time_ns()}"
        self._console = console
        self._fails = False

    def begin(self, records: list[Record]) -> None:
        """Replay the log: the order of two sessions' files is not certain."""
        with self._told():
            self._path.parent.mkdir(exist_ok=True)
            for stale in self._path.parent.glob("events.out.tfevents.*"):
                stale.unlink()
            self._write({"file_version": "brain.Event:2"})
        for record in records:
            self.show(record)

    def show(self, record: Record) -> None:
        """Append one epoch's numbers."""
        numbers = {name: value for name, value in record.items() if isinstance(value, (int, float))}
        scalars = [{"tag": name, "simple_value": numbers[name]} for name in numbers if name != "epoch"]
        with self._told():
            self._write({"step": record["epoch"], "summary": {"value": scalars}})

    def _write(self, event: dict[str, Any]) -> None:
        # slow to import, and without type stubs
        from tensorboard.compat.proto import event_pb2  # type: ignore[import-untyped]  # noqa: PLC0415
        from tensorboard.summary.writer import record_writer  # type: ignore[import-untyped]  # noqa: PLC0415

        if not self._fails:
            with self._path.open("ab") as file:
                data = event_pb2.Event(wall_time=time.time(), **event).SerializeToString()
                record_writer.RecordWriter(file).write(data)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self._fails = True
            reason = (
                f"{self._path}: can't be written ({error.strerror}); training goes on without TensorBoard"
            )
            self._console.print(reason, markup=False, soft_wrap=True)


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise TrainingError(
            f"{path}: can't be written ({error.strerror}); make room, then continue with --resume"
        ) from error
