"""Reviews on disk: whole or not there, of one set of classes and one folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aln.errors import DataError
from aln.files import write_atomic
from aln.web import reviews as reviews_module
from aln.web.album import Album
from aln.web.reviews import Reviews
from aln.web.schemas import Box, Mask, Review

MADE_BY = {"classes": ["ant", "bee"], "photographs": None}


def review(**changes: Any) -> Review:
    mask = np.zeros((4, 5), bool)
    mask[1:3, 2:4] = True
    boxes = [Box(x0=1, y0=1, x1=3, y1=2, score=0.25), Box(x0=2, y0=1, x1=4, y1=3, score=0.75)]
    fields: dict[str, Any] = {
        "label": "bee",
        "boxes": boxes,
        "mask": Mask.of(mask),
        "method": "cam",
        "rule": "otsu",
    }
    return Review(**(fields | changes))


def test_a_review_comes_back_after_a_restart(tmp_path: Path, album_folder: Path) -> None:
    album = Album(album_folder, tmp_path / "review")
    first, second, *_ = album
    reviews = Reviews(tmp_path / "review", MADE_BY)
    assert reviews.load(first) is None
    reviews.save(first, review(state="accepted"))
    reviews.save(second, review())
    again = Reviews(tmp_path / "review", MADE_BY)
    assert again.load(first) == review(state="accepted")
    assert again.states == {first.key: "accepted", second.key: "draft"}
    again.remove(first)
    again.remove(first)
    assert Reviews(tmp_path / "review", MADE_BY).states == {second.key: "draft"}


def test_a_crash_leaves_the_review_before(
    tmp_path: Path, album_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = next(iter(Album(album_folder, tmp_path / "review")))
    reviews = Reviews(tmp_path / "review", MADE_BY)
    reviews.save(entry, review())

    def full(path: Path, data: bytes) -> None:
        write_atomic(path.parent / ".half", data[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(reviews_module, "write_atomic", full)
    with pytest.raises(DataError, match=r"can't be written \(No space left"):
        reviews.save(entry, review(label="ant"))
    monkeypatch.undo()
    assert Reviews(tmp_path / "review", MADE_BY).load(entry) == review()


@pytest.mark.parametrize("other", [{"classes": ["ant"]}, {"photographs": "x"}], ids=["classes", "folder"])
def test_reviews_of_something_else_are_not_mixed(tmp_path: Path, other: dict[str, object]) -> None:
    Reviews(tmp_path, MADE_BY)
    with pytest.raises(DataError, match=r"choose another --out folder"):
        Reviews(tmp_path, MADE_BY | other)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"label": 3}'], ids=["empty", "list", "bare", "wrong"])
def test_a_damaged_file_is_named(tmp_path: Path, content: str) -> None:
    Reviews(tmp_path, MADE_BY)
    (tmp_path / "reviews").mkdir()
    (tmp_path / "reviews" / "abc.json").write_text(content)
    with pytest.raises(DataError, match=r"abc\.json.*remove that file"):
        Reviews(tmp_path, MADE_BY)


def test_a_foreign_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "review.json").write_text("mine")
    with pytest.raises(DataError, match="was not written by aln web"):
        Reviews(tmp_path, MADE_BY)
    assert (tmp_path / "review.json").read_text() == "mine"


def test_a_review_is_a_valid_result() -> None:
    found = review().localization("a.jpg", ("ant", "bee"))
    assert (found.image_id, found.class_name, found.method) == ("a.jpg", "bee", "cam, reviewed")
    assert found.boxes.tolist() == [[2, 1, 4, 3], [1, 1, 3, 2]]  # best first
    assert np.argwhere(found.mask).tolist() == [[1, 2], [1, 3], [2, 2], [2, 3]]
    assert found.probabilities.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"label": "wolf"}, "no class 'wolf'"),
        ({"boxes": [Box(x0=1, y0=1, x1=6, y1=2, score=1)]}, "inside the image"),
        ({"boxes": [Box(x0=2, y0=1, x1=2, y1=2, score=1)]}, "x0 < x1"),
        ({"mask": Mask(size=(4, 5), counts=[19])}, "5x4 pixels"),
    ],
    ids=["class", "outside", "flat", "mask"],
)
def test_reviews_of_no_photograph_are_refused(changes: dict[str, object], problem: str) -> None:
    with pytest.raises(DataError, match=problem):
        review(**changes).localization("a.jpg", ("ant", "bee"))


def test_files_are_readable(tmp_path: Path, album_folder: Path) -> None:
    entry = next(iter(Album(album_folder, tmp_path / "review")))
    Reviews(tmp_path / "review", MADE_BY).save(entry, review())
    row = json.loads((tmp_path / "review" / "reviews" / f"{entry.key}.json").read_text())
    assert (row["image"], row["label"], row["state"]) == (entry.image_id, "bee", "draft")
