"""Why a training stopped itself: kept in its folder, to be told again and not to be tried again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aln.errors import DivergedError
from aln.files import write_atomic

STOPPED = "stopped.txt"
"""The reason; while it lies in a folder of runs, `aln benchmark` and `aln ablate` leave that run alone."""


def why_stopped(folder: Path) -> str | None:
    """The reason that is kept in a run's folder, None where there is none."""
    path = folder / STOPPED
    return path.read_text(encoding="utf-8") if path.exists() else None


@contextmanager
def keeping_the_reason(folder: Path) -> Iterator[None]:
    """Keep it where what happens inside ends with a DivergedError; that is raised on."""
    try:
        yield
    except DivergedError as error:
        write_atomic(folder / STOPPED, str(error).encode())
        raise
