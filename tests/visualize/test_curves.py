"""Training curves from records or a log file, however patchy."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import pytest

from aln.errors import DataError
from aln.visualize import training_curves

Records = list[dict[str, Any]]

FULL: Records = [
    {"epoch": 0, "phase": "warmup", "clean_accuracy": 0.3, "classifier_loss": 2.0},
    {"epoch": 1, "phase": "warmup", "clean_accuracy": 0.5, "classifier_loss": 1.0},
    {
        "epoch": 2,
        "phase": "game",
        "corrupted_accuracy": 0.4,
        "area": 0.4,
        "area_weight": 1.0,
        "corruption_loss": 2.0,
    },
    {
        "epoch": 3,
        "phase": "game",
        "corrupted_accuracy": 0.2,
        "area": 0.3,
        "area_weight": 0.1,
        "corruption_loss": 1.0,
    },
]


@pytest.mark.parametrize(
    "records",
    [
        FULL,
        FULL[:1],
        [{"epoch": 0}],
        [{"epoch": 0, "area_weight": 0.0}, {"epoch": 1, "area_weight": float("nan"), "area": None}],
        [{"epoch": i, "area": 0.5} for i in range(100)],
    ],
    ids=["full", "one epoch", "no values", "nothing to draw on a log scale", "many epochs"],
)
def test_patchy_records_are_drawn(records: Records, tmp_path: Path) -> None:
    training_curves(records, tmp_path / "curves.png")
    picture = cv2.imread(str(tmp_path / "curves.png"))
    assert picture is not None
    assert picture.shape == (540, 900, 3)


def test_a_log_file_gives_the_same_picture_also_when_cut_off(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text(
        "".join(json.dumps(record) + "\n" for record in FULL) + '{"epoch": 4, "are', encoding="utf-8"
    )
    training_curves(log, tmp_path / "from_file.png")
    training_curves(FULL, tmp_path / "from_records.png")
    assert (tmp_path / "from_file.png").read_bytes() == (tmp_path / "from_records.png").read_bytes()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"log\.jsonl: can't be read"),
        ("", r"log\.jsonl: holds no epoch"),
        ("[1]\nx\n", "holds no epoch"),
    ],
    ids=["missing", "empty", "no records"],
)
def test_a_log_without_epochs_is_named(content: str | None, message: str, tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    if content is not None:
        log.write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        training_curves(log, tmp_path / "curves.png")


def test_importing_pictures_needs_neither_torch_nor_matplotlib() -> None:
    code = "import sys, aln.visualize; print({'torch', 'matplotlib'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"
