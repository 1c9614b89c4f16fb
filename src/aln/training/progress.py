"""The progress bar of training: where it is, how the two networks stand, how fast and how long still."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TimeRemainingColumn,
)
from rich.text import Text


class _TwoLines(Progress):
    """The bar, and below it the task's `state`: on one line they don't fit into 80 columns."""

    def get_renderables(self) -> Iterator[RenderableType]:
        yield self.make_tasks_table(self.tasks)
        yield from (Text(task.fields["state"]) for task in self.tasks)


class TrainingProgress:
    """One bar over all steps of a run; a context manager.

    Args:
        console: Where it is drawn.
        total: Steps of the whole run.
        done: Steps done by earlier sessions.
    """

    def __init__(self, console: Console, total: int, done: int) -> None:
        columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._bar = _TwoLines(*columns, console=console)
        self._task: TaskID = self._bar.add_task("training", total=total, completed=done, state="")

    def __enter__(self) -> TrainingProgress:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def step(self, title: str, means: dict[str, float], images_per_second: float) -> None:
        """Move on by one step and show the epoch's means so far."""
        shown = {
            "clean": ("clean_accuracy", "{:.0%}"),
            "corrupted": ("corrupted_accuracy", "{:.0%}"),
            "area": ("area", "{:.2f}"),
            "λ": ("area_weight", "{:.3g}"),
            "box IoU": ("box_iou", "{:.2f}"),
        }
        parts = [f"{word} {form.format(means[key])}" for word, (key, form) in shown.items() if key in means]
        state = " · ".join([*parts, f"{images_per_second:.0f} images/s"])
        self._bar.update(self._task, advance=1, description=title, state=state)

    def say(self, text: str) -> None:
        """Print a line above the bar."""
        self._bar.console.print(text, highlight=False, markup=False)


def epoch_line(record: dict[str, Any]) -> str:
    """One epoch's record in words."""
    words = {
        "clean_accuracy": "clean accuracy {:.1%}",
        "corrupted_accuracy": "corrupted {:.1%}",
        "area": "area {:.3f}",
        "area_weight": "λ {:.3g}",
        "classifier_trains": "classifier trained in {:.0%} of steps",
        "box_iou": "box IoU {:.2f}",
        "seconds": "{:.0f} s",
    }
    return " · ".join(form.format(record[name]) for name, form in words.items() if name in record)
