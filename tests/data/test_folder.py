"""Photographs in class folders: what is read, what is refused, and how they are told apart."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from aln.data import shared_ids
from aln.errors import ConfigError, DataError
from tests.data.class_folders import HEADER, images_in, known_truth_in, truth_in
from tests.data.files import photo, write_files


def test_classes_are_folders_and_photographs_may_nest(photos: Path) -> None:
    images = images_in(photos)
    assert images.name == "photos"
    assert images.class_names == ("cat", "dog")
    found = [(images.image_id(index), images.label(index)) for index in range(len(images))]
    assert found == [("cat/1.jpg", 0), ("cat/sub dir/Übung 2.PNG", 0), ("dog/1.jpg", 1)]
    assert images.read(1).shape == (8, 12, 3)


def test_hidden_folders_and_loose_files_are_no_classes(photos: Path) -> None:
    write_files(photos, {".thumbs/1.jpg": photo(), "cover.jpg": photo(), "cat/.1.jpg": photo()})
    assert images_in(photos).class_names == ("cat", "dog")
    assert len(images_in(photos)) == 3


def test_links_back_to_the_root_do_not_hang(photos: Path) -> None:
    (photos / "cat" / "loop").symlink_to(photos / "cat", target_is_directory=True)
    assert len(images_in(photos)) == 3


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, r"photos: has no class folders; arrange the photographs as photos/<class>/\*\.jpg"),
        ({"1.jpg": b"", "2.jpg": b""}, r"photos: has no class folders; arrange"),
        ({"cat/1.jpg": b""}, r"photos: has one class only, 'cat'; training needs two or more"),
        (
            {"cat/1.jpg": b"", "dog/notes.txt": b""},
            r"photos: no photographs of 'dog'; add some or remove.*s$",
        ),
        (
            {"cat/1.jpg": b"", "dog/1.heic": b"", "dog/more/2.HEIC": b""},
            r"no photographs of 'dog'.*\(2 files of other kinds were left out: \.heic 2; convert photog",
        ),
    ],
    ids=["nothing", "photographs directly inside", "one class", "empty class", "class of another kind"],
)
def test_arrangements_that_cannot_be_learnt_from(
    tmp_path: Path, files: dict[str, bytes], message: str
) -> None:
    (tmp_path / "photos").mkdir()
    with pytest.raises(DataError, match=message):
        images_in(write_files(tmp_path / "photos", files))


def test_one_class_is_enough_to_measure_on(photos: Path, tmp_path: Path) -> None:
    write_files(tmp_path, {"some/dog/1.jpg": photo()})
    images = images_in(photos, "test", test="some")
    assert images.class_names == ("dog",)
    assert images_in(tmp_path / "some", "train-fullsup").class_names == ("dog",)


def test_a_class_name_that_no_model_could_hold(photos: Path) -> None:
    """At once, not after training, when the model is saved."""
    try:
        (photos / "caf\udce9").mkdir()
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    write_files(photos, {"caf\udce9/1.jpg": photo()})
    with pytest.raises(DataError, match=r"needs a name in UTF-8.*rename the folder"):
        images_in(photos)


def test_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="gone: there is no such folder"):
        images_in(tmp_path / "gone")


def test_bad_photograph_is_found_only_when_it_is_read(photos: Path) -> None:
    write_files(photos, {"cat/1.jpg": b"", "dog/folder.jpg/1.jpg": photo()})
    images = images_in(photos)
    with pytest.raises(DataError, match=r"photos/cat/1\.jpg: is empty"):
        images.read(0)
    assert len(images) == 4


@pytest.mark.parametrize(
    ("files", "changes"),
    [
        ({}, False),
        ({"cat/1.jpg": photo(seed=9)}, True),
        ({"cat/0.jpg": photo()}, True),
        ({"boxes.csv": HEADER}, False),
    ],
    ids=["nothing", "content", "one more", "boxes"],
)
def test_fingerprint_changes_with_the_photographs_alone(
    photos: Path, files: dict[str, Any], changes: bool
) -> None:
    before = images_in(photos).fingerprint()
    write_files(photos, files)
    assert (images_in(photos).fingerprint() != before) is changes


def test_a_copy_under_another_name_has_the_same_fingerprint(photos: Path, tmp_path: Path) -> None:
    """Large files too, and whatever their times: `cp -r` and a download set new ones."""
    write_files(photos, {"cat/large.jpg": b"a" * 2**21})
    copy = Path(shutil.copytree(photos, tmp_path / "elsewhere" / "renamed"))
    os.utime(copy / "cat" / "large.jpg", (1, 1))
    assert images_in(copy).fingerprint() == images_in(photos).fingerprint()
    assert images_in(copy).name == "renamed"


def test_pictures_that_are_not_read_are_counted_once(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    others = ["cat/1.HEIC", "cat/2.heic", "dog/a.svg", "dog/.hidden.heic", "dog/Thumbs.db", "masks/cat/1.psd"]
    write_files(photos, {**dict.fromkeys(others, b""), "boxes.csv": HEADER + "cat/1.jpg,0,0,5,4\n"})
    assert len(images_in(photos)) == len(images_in(photos, "test")) == 3
    assert len(known_truth_in(photos)) == 1
    told = "3 files of other kinds were left out: .heic 2, .svg 1; convert photographs to JPEG or PNG"
    assert capsys.readouterr().err == f"{photos}: {told}\n"


def test_photographs_are_told_apart_by_content(photos: Path, tmp_path: Path) -> None:
    named_alike: dict[str, bytes | str] = {"cat/1.jpg": photo(seed=5), "dog/1.jpg": photo(seed=6)}
    others = images_in(write_files(tmp_path / "others", named_alike))
    assert shared_ids(images_in(photos), others) == []
    write_files(tmp_path / "others", {"dog/9.jpg": (photos / "cat" / "1.jpg").read_bytes()})
    assert shared_ids(images_in(photos), images_in(tmp_path / "others")) == ["cat/1.jpg"]
    assert shared_ids(images_in(photos), images_in(photos)) == [
        images_in(photos).image_id(i) for i in range(3)
    ]


def test_a_class_may_be_called_masks(tmp_path: Path) -> None:
    write_files(tmp_path, {"masks/1.jpg": photo(), "hats/1.jpg": photo()})
    assert images_in(tmp_path).class_names == ("hats", "masks")
    assert truth_in(tmp_path) is None


def test_unknown_option_names_the_valid_ones(photos: Path) -> None:
    with pytest.raises(ConfigError, match="option 'box' is unknown; its options: boxes, masks, test"):
        images_in(photos, box="x")
