"""What a run writes down while it trains: one JSON line an epoch, and TensorBoard scalars."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

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

    Raises:
        TrainingError: If the log can't be written.
    """

    def __init__(self, folder: Path, first_epoch: int) -> None:
        from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415  (slow to import)

        self.path = folder / LOG
        kept = [record for record in self.records() if record["epoch"] < first_epoch]
        with _writing(self.path):
            write_atomic(self.path, "".join(json.dumps(record) + "\n" for record in kept).encode())
            # Replayed from the log: the order of two sessions' event files is not certain.
            for stale in (folder / TENSORBOARD).glob("events.out.tfevents.*"):
                stale.unlink()
            self._board = SummaryWriter(str(folder / TENSORBOARD))
            for record in kept:
                self._show(record)

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
        self._show(record)

    def close(self) -> None:
        """End the TensorBoard file."""
        self._board.close()

    def _show(self, record: Record) -> None:
        for name, value in record.items():
            if isinstance(value, (int, float)) and name != "epoch":
                self._board.add_scalar(name, value, record["epoch"])
        self._board.flush()


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise TrainingError(
            f"{path}: can't be written ({error.strerror}); make room, then continue with --resume"
        ) from error
