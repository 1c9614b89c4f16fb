"""The sheet of samples: with true boxes where they are known, around photographs that can't be read."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from aln.config import DataConfig
from aln.errors import DataError
from aln.sheets import sheet_of
from aln.visualize.drawing import TRUTH, Picture
from tests.small_model import CLASS_NAMES, photograph, small_localizer


@pytest.fixture
def run(tmp_path: Path) -> Path:
    small_localizer().save(tmp_path / "run")
    return tmp_path / "run"


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """One photograph of each class, with a box for every one."""
    rows = ["image,x0,y0,x1,y1"]
    for label, name in enumerate(CLASS_NAMES):
        (tmp_path / "photos" / name).mkdir(parents=True)
        Image.fromarray(photograph(40, 50, label)).save(tmp_path / "photos" / name / "0.png")
        rows.append(f"{name}/0.png,12,10,26,21")
    (tmp_path / "photos" / "boxes.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return tmp_path / "photos"


def shows_truth(sheet: Picture) -> bool:
    return bool((sheet == TRUTH).all(axis=2).any())


def test_true_boxes_are_drawn_where_they_are_known(run: Path, photos: Path) -> None:
    data = DataConfig(path=str(photos))
    sheet = sheet_of(run, data)
    assert shows_truth(sheet)
    assert sheet_of(run, data, count=1).shape[0] < sheet.shape[0]
    (photos / "boxes.csv").unlink()
    assert not shows_truth(sheet_of(run, data))


def test_photographs_that_cannot_be_read_are_left_out(run: Path, photos: Path) -> None:
    (photos / CLASS_NAMES[0] / "0.png").write_bytes(b"")
    sheet_of(run, DataConfig(path=str(photos)))
    for name in CLASS_NAMES:
        (photos / name / "0.png").write_bytes(b"")
    with pytest.raises(DataError, match=r"0\.png"):
        sheet_of(run, DataConfig(path=str(photos)))
