"""The table, read by Python's own csv."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from tests.export.made_up import FOUND, exported


def test_everything_comes_back(tmp_path: Path) -> None:
    with (exported("csv", tmp_path) / "boxes.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for found in FOUND:
        own = [row for row in rows if row["image"] == found.image_id]
        boxes = [[float(row[key]) for key in ("x0", "y0", "x1", "y1")] for row in own]
        assert np.array_equal(np.array(boxes).reshape(-1, 4), found.boxes)
        assert np.allclose([float(row["score"]) for row in own], found.box_scores)
        assert {(row["label"], row["width"], row["height"]) for row in own} <= {
            (found.class_name, str(found.width), str(found.height))
        }
