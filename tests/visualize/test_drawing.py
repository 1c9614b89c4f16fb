"""Heat colours and PNG files."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from aln.errors import DataError
from aln.visualize import heat, write_png
from aln.visualize.drawing import FOUND, KEPT, draw_box, draw_text
from tests.visualize.made_up import photograph


def test_heat_gets_lighter_with_the_score() -> None:
    colours = heat(np.linspace(0, 1, 256, dtype=np.float32)[None])
    assert colours.shape == (1, 256, 3)
    lightness = cv2.cvtColor(colours, cv2.COLOR_RGB2LAB)[0, :, 0].astype(int)
    assert (np.diff(lightness) >= -1).all()
    assert colours[0, -1, 0] > colours[0, -1, 2], "light yellow, not light blue: RGB order"


@pytest.mark.parametrize(("score", "same_as"), [(-3.0, 0.0), (7.0, 1.0), (np.nan, 0.0), (np.inf, 1.0)])
def test_scores_outside_the_range_are_clipped(score: float, same_as: float) -> None:
    one, other = (heat(np.full((2, 2), value, np.float32)) for value in (score, same_as))
    assert np.array_equal(one, other)


@pytest.mark.parametrize(
    ("box", "pixels"),
    [((2, 3, 6, 8), 14), ((0, 0, 10, 10), 36), ((4, 4, 4.2, 4.2), 1), ((9.9, 9.9, 10, 10), 1)],
    ids=["inside", "whole", "less than a pixel", "in the corner"],
)
def test_a_box_of_one_line_covers_its_border(box: tuple[float, ...], pixels: int) -> None:
    picture = np.zeros((10, 10, 3), np.uint8)
    draw_box(picture, np.array(box, np.float32), (1, 1), FOUND, 1)
    assert (picture == FOUND).all(axis=2).sum() == pixels


def test_text_that_sticks_out_is_cut_off() -> None:
    picture = np.zeros((4, 4, 3), np.uint8)
    draw_text(picture, "wide", (-3, -3), 20, FOUND)
    assert picture.shape == (4, 4, 3)


def test_png_comes_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a b é.png"
    write_png(path, photograph(5, 7))
    again = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR)
    assert again is not None
    assert np.array_equal(again[..., ::-1], photograph(5, 7))
    assert list(tmp_path.iterdir()) == [path], "nothing half-written is left"


def test_fewer_colours_make_a_smaller_file(tmp_path: Path) -> None:
    write_png(tmp_path / "all.png", photograph(64, 64))
    write_png(tmp_path / "few.png", photograph(64, 64), colours=256)
    assert (tmp_path / "few.png").stat().st_size < (tmp_path / "all.png").stat().st_size / 2


@pytest.mark.parametrize(
    ("most_bytes", "colours"),
    [(None, 4096), (10**6, 4096), (5000, 256), (3600, 64), (1, 32)],
    ids=["no limit", "far below it", "256", "64", "never small enough"],
)
def test_colours_are_given_up_for_size(most_bytes: int | None, colours: int, tmp_path: Path) -> None:
    write_png(tmp_path / "a.png", photograph(64, 64), most_bytes=most_bytes)
    again = cv2.imread(str(tmp_path / "a.png"))
    assert again is not None
    used = len(np.unique(again.reshape(-1, 3), axis=0))
    assert colours / 2 < used <= colours


def test_colours_with_a_meaning_stay_what_they_are(tmp_path: Path) -> None:
    picture = photograph(64, 64)
    picture[:2, : len(KEPT)] = KEPT
    write_png(tmp_path / "few.png", picture, colours=32)
    again = cv2.imread(str(tmp_path / "few.png"))
    assert again is not None
    assert np.array_equal(again[:2, : len(KEPT), ::-1], picture[:2, : len(KEPT)])


def test_a_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match=r"a\.png: can't be written"):
        write_png(tmp_path / "file" / "a.png", photograph(2, 2))
