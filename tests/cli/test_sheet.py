"""`aln sheet`."""

from __future__ import annotations

from pathlib import Path

import cv2

from tests.cli.calls import SHAPES, Call


def test_sheet_draws_a_picture(aln: Call, tiny_run: Path, tmp_path: Path) -> None:
    assert aln("sheet", tiny_run, *SHAPES, "--count", 4, "--out", tmp_path / "sheet.png").code == 0
    sheet = cv2.imread(str(tmp_path / "sheet.png"))
    assert sheet is not None
    assert sheet.std() > 10
