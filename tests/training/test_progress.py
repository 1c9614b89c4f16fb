"""What the terminal shows while a run trains."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from aln.training.progress import TrainingProgress, epoch_line

WARM_UP = {"clean_accuracy": 0.5}
ADVERSARIAL = {"clean_accuracy": 0.504, "corrupted_accuracy": 0.2, "area": 0.256, "area_weight": 1.23456}


def _shown(means: dict[str, float]) -> str:
    text = io.StringIO()
    console = Console(file=text, width=80)
    with TrainingProgress(console, total=8, done=5) as progress:
        progress.step("adversarial epoch 3/4", means, images_per_second=123.4)
        progress.say("epoch [bold] done")
    return text.getvalue()


@pytest.mark.parametrize(
    ("means", "state"),
    [
        (WARM_UP, "clean 50% · 123 images/s"),
        (ADVERSARIAL, "clean 50% · corrupted 20% · area 0.26 · λ 1.23 · 123 images/s"),
    ],
    ids=["warm-up", "adversarial"],
)
def test_the_bar(means: dict[str, float], state: str) -> None:
    text = _shown(means)
    assert f"{state}\n" in text
    assert re.search(r"adversarial epoch 3/4 ━+ +6/8 -:--:-- *\n", text)
    assert "epoch [bold] done\n" in text


@pytest.mark.parametrize(
    ("record", "line"),
    [
        (WARM_UP, "clean accuracy 50.0% · 3 s"),
        (
            {**ADVERSARIAL, "classifier_trains": 0.75},
            "clean accuracy 50.4% · corrupted 20.0% · area 0.256 · λ 1.23 · "
            "classifier trained in 75% of steps · 3 s",
        ),
    ],
    ids=["warm-up", "adversarial"],
)
def test_an_epoch_in_words(record: dict[str, float], line: str) -> None:
    assert epoch_line({**record, "seconds": 3.2}) == line
