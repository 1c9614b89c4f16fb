"""Several runs at a time, each a process of its own: two that share one's threads slow each other down."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Protocol, TypeVar


class Kept(Protocol):
    """A run, and the folder where it is kept."""

    @property
    def folder(self) -> Path: ...


Run = TypeVar("Run", bound=Kept)
Work = Callable[[Run, Path | None], str | None]
"""Does what is left of a run, with messages to a file or to the terminal; tells why it failed, if it did."""


def in_turn(runs: Sequence[Run], work: Work[Run]) -> Generator[tuple[Run, str | None], None, None]:
    """Each run with the reason why it failed, or None, one after the other in this process."""
    for run in runs:
        yield run, work(run, None)


def in_processes(
    runs: Sequence[Run], jobs: int, work: Work[Run]
) -> Generator[tuple[Run, str | None], None, None]:
    """The same with `jobs` processes, in the order in which runs end.

    A process writes its messages to `<run folder>.log`. When the caller is interrupted the processes are
    interrupted too, and waited for, so that each saves its checkpoint.
    """
    waiting = deque(runs)
    busy: dict[int, tuple[SpawnProcess, Connection, Run]] = {}
    earlier = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        while waiting or busy:
            while waiting and len(busy) < jobs:
                started = _started(waiting.popleft(), work)
                busy[started[0].sentinel] = started
            for sentinel in wait(list(busy)):
                process, told, run = busy.pop(int(str(sentinel)))
                process.join()
                yield run, _reason(process, told)
    finally:
        for process, _, _ in busy.values():
            with suppress(ProcessLookupError):
                os.kill(process.pid or 0, signal.SIGINT)
        for process, _, _ in busy.values():
            process.join()
        signal.signal(signal.SIGTERM, earlier)


def _started(run: Run, work: Work[Run]) -> tuple[SpawnProcess, Connection, Run]:
    told, tell = multiprocessing.Pipe(duplex=False)
    log = run.folder.with_name(f"{run.folder.name}.log")
    process = multiprocessing.get_context("spawn").Process(target=_work, args=(run, log, work, tell))
    process.start()
    tell.close()
    return process, told, run


def _work(run: Run, log: Path, work: Work[Run], tell: Connection) -> None:
    if hasattr(os, "setsid"):
        os.setsid()  # Ctrl-C reaches the parent alone, which passes it on once
    with suppress(KeyboardInterrupt):
        tell.send(work(run, log))


def _reason(process: SpawnProcess, told: Connection) -> str | None:
    with told:
        try:
            reason: str | None = told.recv()
        except EOFError:
            return f"its process ended with exit code {process.exitcode} before it was done"
    return reason
