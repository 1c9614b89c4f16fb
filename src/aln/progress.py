"""The progress bar of everything that goes over many photographs: how many, how fast, how long still."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TimeRemainingColumn
from rich.text import Text


def progress_bar(console: Console | None = None) -> Progress:
    """A progress bar on standard error, or on `console`."""
    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), _Speed())
    return Progress(*columns, TimeRemainingColumn(), console=console or Console(stderr=True))


class _Speed(ProgressColumn):
    """Images per second: lately, and in the end over all."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:.0f} images/s")
