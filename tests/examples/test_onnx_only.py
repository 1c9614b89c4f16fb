"""The example runs where neither aln nor torch is, and gives the boxes of `aln localize`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import cv2

import aln
from tests.exported.conftest import exported  # noqa: F401 the fixture
from tests.small_model import photograph

EXAMPLE = Path(__file__).parents[2] / "examples" / "onnx_only.py"
BLOCKED = """
import runpy, sys
sys.modules |= {"aln": None, "torch": None}
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def test_same_boxes_without_aln_and_torch(exported: Path, tmp_path: Path) -> None:  # noqa: F811
    sizes = [(32, 32), (90, 60), (128, 171), (400, 300), (31, 33)]
    for seed, size in enumerate(sizes):
        cv2.imwrite(str(tmp_path / f"bild é {seed}.png"), photograph(*size, seed=seed))
    photographs = sorted(tmp_path.glob("*.png"))
    done = subprocess.run(
        [sys.executable, "-c", BLOCKED, EXAMPLE, exported, *photographs],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    for line, found in zip(lines, aln.load(exported).localize(photographs), strict=True):
        assert line["image"] == found.image_id
        assert line["box"] == found.boxes[0].tolist()
        assert line["class"] == found.class_name
        assert abs(line["probability"] - found.probabilities.max()) < 1e-3
