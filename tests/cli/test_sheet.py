"""`aln sheet`."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest

from tests.cli.calls import SHAPES, Call


def test_sheet_draws_a_picture(aln: Call, tiny_run: Path, tmp_path: Path) -> None:
    assert aln("sheet", tiny_run, *SHAPES, "--count", 4, "--out", tmp_path / "sheet.png").code == 0
    sheet = cv2.imread(str(tmp_path / "sheet.png"))
    assert sheet is not None
    assert sheet.std() > 10


@pytest.mark.parametrize(
    "options",
    [["--methods", "aln, cam,max_box"], ["--worst"], ["--worst", "--methods", "cam", "--device", "cpu"]],
    ids=" ".join,
)
def test_sheet_compares_methods_and_shows_misses(
    aln: Call, tiny_run: Path, tmp_path: Path, options: list[str]
) -> None:
    picture = tmp_path / "sheet.png"
    assert aln("sheet", tiny_run, *SHAPES, "--count", 3, *options, "--out", picture).code == 0
    assert cv2.imread(str(picture)) is not None


@pytest.mark.parametrize(
    "options", [["--methods", " , "], ["--methods", "aln,cam", "--worst"], ["--methods", "cma"]], ids=" ".join
)
def test_sheet_refuses_methods_that_make_no_picture(
    aln: Call, tiny_run: Path, tmp_path: Path, options: list[str]
) -> None:
    result = aln("sheet", tiny_run, *SHAPES, *options, "--out", tmp_path / "sheet.png")
    assert result.code == 2
    assert "aln methods" in result.err or "cam" in result.err
