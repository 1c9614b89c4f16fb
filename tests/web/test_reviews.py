"""Reviews on disk: whole or not there, of one set of classes and one folder."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aln.errors import DataError
from aln.files import write_atomic
from aln.web import reviews as reviews_module
from aln.web.album import Album
from aln.web.reviews import OutdatedReviewError, Reviews
from aln.web.schemas import Box, Mask, Review

CLASSES = ("ant", "bee")


def reviews_in(out: Path, photographs: Path | None = None) -> Reviews:
    """The reviews in `out`, of the photographs in a folder or of none."""
    return Reviews(out, CLASSES, Album(photographs, out))


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
    reviews = reviews_in(tmp_path / "review", album_folder)
    assert reviews.load(first) is None
    reviews.save(first, review(state="accepted"))
    reviews.save(second, review())
    again = reviews_in(tmp_path / "review", album_folder)
    assert again.load(first) == review(state="accepted")
    assert again.states == {first.key: "accepted", second.key: "draft"}
    again.remove(first)
    again.remove(first)
    assert reviews_in(tmp_path / "review", album_folder).states == {second.key: "draft"}


def test_versions_tell_reviews_and_folders_apart(tmp_path: Path, album_folder: Path) -> None:
    entry = next(iter(Album(album_folder, tmp_path / "review")))
    reviews, others = (reviews_in(tmp_path / name, album_folder) for name in ("review", "other"))
    _, none = reviews.versioned(entry)
    assert none != others.versioned(entry)[1]
    versions = {reviews.save(entry, review(), known=[none])}
    versions.add(reviews.save(entry, review(label="ant"), known=versions))
    assert len(versions) == 2
    assert reviews_in(tmp_path / "review", album_folder).versioned(entry)[1] in versions
    for work in (lambda: reviews.save(entry, review(), known=[none]), lambda: reviews.remove(entry, [none])):
        with pytest.raises(OutdatedReviewError, match=r"was changed elsewhere"):
            work()
    assert reviews.load(entry) == review(label="ant")
    with pytest.raises(OutdatedReviewError):
        others.save(entry, review(), known=[none, *versions])
    reviews.remove(entry, versions)
    reviews.remove(entry, versions)  # the answer was lost
    assert reviews.versioned(entry) == (None, none)


def test_a_crash_leaves_the_review_before(
    tmp_path: Path, album_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = next(iter(Album(album_folder, tmp_path / "review")))
    reviews = reviews_in(tmp_path / "review", album_folder)
    reviews.save(entry, review())

    def full(path: Path, data: bytes) -> None:
        write_atomic(path.parent / ".half", data[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(reviews_module, "write_atomic", full)
    with pytest.raises(DataError, match=r"can't be written \(No space left"):
        reviews.save(entry, review(label="ant"))
    monkeypatch.undo()
    assert reviews_in(tmp_path / "review", album_folder).load(entry) == review()


def test_reviews_of_other_classes_are_not_mixed(tmp_path: Path) -> None:
    reviews_in(tmp_path)
    with pytest.raises(DataError, match=r"holds reviews with classes .*choose another --out folder"):
        Reviews(tmp_path, ("ant",), Album(None, tmp_path))


@pytest.fixture
def reviewed(album_folder: Path) -> Path:
    """A review folder with reviews of all photographs but the last, and its photographs beside it."""
    out = album_folder.with_name("photos-review")
    reviews = reviews_in(out, album_folder)
    for entry in list(Album(album_folder, out))[:-1]:
        reviews.save(entry, review())
    return out


def test_reviews_go_along_with_their_photographs(tmp_path: Path, album_folder: Path, reviewed: Path) -> None:
    def opened(photographs: Path, out: Path) -> None:
        reviews, album = reviews_in(out, photographs), Album(photographs, out)
        assert [entry.key in reviews.states for entry in album] == [True] * 3 + [False]
        assert reviews.load(next(iter(album))) == review()
        made_by = json.loads((out / "review.json").read_text())
        assert made_by == {"classes": list(CLASSES), "photographs": str(photographs.resolve())}

    copied = tmp_path / "elsewhere"
    shutil.copytree(album_folder, copied / "photos")
    shutil.copytree(reviewed, copied / "photos-review")
    opened(copied / "photos", copied / "photos-review")
    moved = album_folder.rename(tmp_path / "renamed")
    opened(moved, reviewed)
    list(Album(moved, reviewed))[-1].path.unlink()  # has no review
    moved = moved.rename(tmp_path / "again")
    assert len(reviews_in(reviewed, moved).states) == 3


def test_reviews_of_lost_photographs_are_named(tmp_path: Path, album_folder: Path, reviewed: Path) -> None:
    lost = next(iter(Album(album_folder, reviewed)))
    moved = album_folder.rename(tmp_path / "moved")
    (moved / lost.image_id).unlink()
    with pytest.raises(DataError, match=rf"1 of the 3 are not in .*moved.*{lost.image_id}.*--images") as told:
        reviews_in(reviewed, moved)
    review_file = reviewed / "reviews" / f"{lost.key}.json"
    assert f"remove the reviews of what is lost ({review_file} first)" in str(told.value)
    review_file.unlink()
    assert len(reviews_in(reviewed, moved).states) == 2


def test_other_photographs_of_the_same_names_are_told_apart(
    tmp_path: Path, album_folder: Path, reviewed: Path
) -> None:
    other = Path(shutil.copytree(album_folder, tmp_path / "other"))
    path = next(iter(Album(other, reviewed))).path
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))  # as long as the other
    before = (reviewed / "review.json").read_bytes()
    with pytest.raises(DataError, match=r"1 of the 3 are .*others of the same name"):
        reviews_in(reviewed, other)
    assert (reviewed / "review.json").read_bytes() == before


def test_reviews_of_photographs_that_were_sent_need_no_folder(tmp_path: Path, album_folder: Path) -> None:
    out = tmp_path / "review"
    album = Album(None, out)
    entry = album.add("sent.png", (album_folder / "bee" / "x.png").read_bytes())
    reviews_in(out).save(entry, review())
    for photographs in (album_folder, None):
        assert list(reviews_in(out, photographs).states) == [entry.key]
    out = out.rename(tmp_path / "moved")
    assert list(reviews_in(out, album_folder).states) == [entry.key]


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"label": 3}'], ids=["empty", "list", "bare", "wrong"])
def test_a_damaged_file_is_named(tmp_path: Path, content: str) -> None:
    reviews_in(tmp_path)
    (tmp_path / "reviews").mkdir()
    (tmp_path / "reviews" / "abc.json").write_text(content)
    with pytest.raises(DataError, match=r"abc\.json.*remove that file"):
        reviews_in(tmp_path)


def test_a_foreign_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "review.json").write_text("mine")
    with pytest.raises(DataError, match="was not written by aln web"):
        reviews_in(tmp_path)
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
    reviews_in(tmp_path / "review", album_folder).save(entry, review())
    row = json.loads((tmp_path / "review" / "reviews" / f"{entry.key}.json").read_text())
    assert (row["image"], row["label"], row["state"]) == (entry.image_id, "bee", "draft")
