"""Photographs in class folders: what is read, what is refused, and ground truth that stays apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aln.config import DataConfig
from aln.data import GroundTruth, LabelledImages, Split, open_images, open_truth
from aln.errors import ConfigError, DataError
from tests.data.files import encoded, photo, write_files

HEADER = "image,x0,y0,x1,y1\n"


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Two classes with three photographs of 12x8 pixels."""
    files = {"cat/1.jpg": photo(), "cat/sub dir/Übung 2.PNG": photo("PNG"), "dog/1.jpg": photo(seed=1)}
    return write_files(tmp_path / "photos", files)


def _images(path: Path, **options: str) -> LabelledImages:
    return _split(path, "train-weaksup", **options)


def _split(path: Path, split: Split, **options: str) -> LabelledImages:
    return open_images(DataConfig(path=str(path), format="folder", options=dict(options)), split)


def _truth(path: Path, **options: str) -> GroundTruth | None:
    return open_truth(DataConfig(path=str(path), format="folder", options=dict(options)), "test")


def _some_truth(path: Path, **options: str) -> GroundTruth:
    truth = _truth(path, **options)
    assert truth is not None
    return truth


def _mask(x0: int, y0: int, x1: int, y1: int, *, value: int = 255) -> bytes:
    pixels = np.zeros((8, 12), np.uint8)
    pixels[y0:y1, x0:x1] = value
    return encoded(pixels)


def test_classes_are_folders_and_photographs_may_nest(photos: Path) -> None:
    images = _images(photos)
    assert images.name == "photos"
    assert images.class_names == ("cat", "dog")
    found = [(images.image_id(index), images.label(index)) for index in range(len(images))]
    assert found == [("cat/1.jpg", 0), ("cat/sub dir/Übung 2.PNG", 0), ("dog/1.jpg", 1)]
    assert images.read(1).shape == (8, 12, 3)


def test_hidden_folders_and_loose_files_are_no_classes(photos: Path) -> None:
    write_files(photos, {".thumbs/1.jpg": photo(), "cover.jpg": photo(), "cat/.1.jpg": photo()})
    assert _images(photos).class_names == ("cat", "dog")
    assert len(_images(photos)) == 3


def test_links_back_to_the_root_do_not_hang(photos: Path) -> None:
    (photos / "cat" / "loop").symlink_to(photos / "cat", target_is_directory=True)
    assert len(_images(photos)) == 3


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, r"photos: has no class folders; arrange the photographs as photos/<class>/\*\.jpg"),
        ({"1.jpg": b"", "2.jpg": b""}, r"photos: has no class folders; arrange"),
        ({"cat/1.jpg": b""}, r"photos: has one class only, 'cat'; two or more"),
        ({"cat/1.jpg": b"", "dog/notes.txt": b""}, r"photos: no photographs of 'dog'; add some or remove"),
    ],
    ids=["nothing", "photographs directly inside", "one class", "empty class"],
)
def test_arrangements_that_cannot_be_learnt_from(
    tmp_path: Path, files: dict[str, bytes], message: str
) -> None:
    (tmp_path / "photos").mkdir()
    with pytest.raises(DataError, match=message):
        _images(write_files(tmp_path / "photos", files))


def test_a_class_name_that_no_model_could_hold(photos: Path) -> None:
    """At once, not after training, when the model is saved."""
    try:
        (photos / "caf\udce9").mkdir()
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    write_files(photos, {"caf\udce9/1.jpg": photo()})
    with pytest.raises(DataError, match=r"needs a name in UTF-8.*rename the folder"):
        _images(photos)


def test_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="gone: there is no such folder"):
        _images(tmp_path / "gone")


def test_bad_photograph_is_found_only_when_it_is_read(photos: Path) -> None:
    write_files(photos, {"cat/1.jpg": b"", "dog/folder.jpg/1.jpg": photo()})
    images = _images(photos)
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
    before = _images(photos).fingerprint()
    write_files(photos, files)
    assert (_images(photos).fingerprint() != before) is changes


def test_fingerprint_of_a_large_file_sees_both_ends(photos: Path) -> None:
    seen = set()
    for start, end in ((b"a", b"a"), (b"b", b"a"), (b"a", b"b")):
        write_files(photos, {"cat/1.jpg": start + bytes(2**21) + end})
        seen.add(_images(photos).fingerprint())
    assert len(seen) == 3


def test_no_annotations_no_truth(photos: Path) -> None:
    assert _truth(photos) is None


def test_boxes_from_the_csv(photos: Path) -> None:
    rows = "cat/1.jpg,0,0,5,4\ncat/1.jpg,2.5,1,6,3\ndog/1.jpg,3,3,3,9\n"
    write_files(photos, {"boxes.csv": "\ufeff" + HEADER + rows})
    truth = _some_truth(photos)
    np.testing.assert_array_equal(
        truth["cat/1.jpg"].boxes, np.array([[0, 0, 5, 4], [2.5, 1, 6, 3]], np.float32)
    )
    assert truth["cat/1.jpg"].boxes.dtype == np.float32
    assert truth["cat/1.jpg"].mask is None
    assert len(truth) == 1, "the dog's box has no width"
    assert "dog/1.jpg" not in truth


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file,box\n", "has no column image, x0, y0, x1, y1; its first line must be image,x0,y0,x1,y1"),
        (HEADER + "cat/1.jpg,0,0,5,4\ncat/9.jpg,0,0,5,4\n", r"line 3: there is no photograph 'cat/9\.jpg'"),
        (HEADER + "cat/1.jpg,0,0,wide,4\n", "line 2: x0, y0, x1 and y1 must be numbers"),
        (HEADER + "cat/1.jpg,0,0\n", "line 2: x0, y0, x1 and y1 must be numbers"),
        (b"\xff\xfe\x00", "is not UTF-8 text"),
    ],
    ids=["columns", "unknown image", "no number", "short row", "encoding"],
)
def test_malformed_boxes_name_the_line(photos: Path, text: str | bytes, message: str) -> None:
    write_files(photos, {"boxes.csv": text})
    with pytest.raises(DataError, match=rf"boxes\.csv: {message}"):
        _truth(photos)


@pytest.mark.parametrize("value", [1, 255])
def test_masks_give_boxes_where_there_are_none(photos: Path, value: int) -> None:
    masks = {"masks/cat/1.png": _mask(2, 1, 7, 5, value=value), "masks/dog/1.png": _mask(0, 0, 0, 0)}
    write_files(photos, masks)
    assert _images(photos).class_names == ("cat", "dog")
    truth = _some_truth(photos)
    found = truth["cat/1.jpg"]
    assert found.boxes.tolist() == [[2, 1, 7, 5]]
    assert found.mask is not None
    assert found.mask.sum() == 20
    assert "dog/1.jpg" not in truth, "its mask is empty"


def test_written_boxes_win_over_those_of_masks(photos: Path) -> None:
    write_files(photos, {"masks/cat/1.png": _mask(2, 1, 7, 5), "boxes.csv": HEADER + "cat/1.jpg,1,1,8,6\n"})
    assert _some_truth(photos)["cat/1.jpg"].boxes.tolist() == [[1, 1, 8, 6]]


def test_annotations_may_lie_elsewhere(photos: Path, tmp_path: Path) -> None:
    write_files(tmp_path, {"truth/cat/1.png": _mask(2, 1, 7, 5), "b.csv": HEADER + "dog/1.jpg,1,1,8,6\n"})
    options = {"masks": str(tmp_path / "truth"), "boxes": str(tmp_path / "b.csv")}
    truth = _some_truth(photos, **options)
    assert len(truth) == 2
    assert truth["dog/1.jpg"].mask is None
    assert _images(photos, **options).class_names == ("cat", "dog")


@pytest.mark.parametrize("beside", [True, False], ids=["name", "path"])
def test_other_splits_may_lie_elsewhere(photos: Path, tmp_path: Path, beside: bool) -> None:
    held: dict[str, bytes | str] = {
        "cat/9.jpg": photo(seed=2),
        "dog/8.jpg": photo(seed=3),
        "boxes.csv": HEADER + "cat/9.jpg,1,1,8,6\n",
    }
    folder = write_files(tmp_path / "held-out", held)
    options = {"test": folder.name if beside else str(folder)}
    tested = _split(photos, "test", **options)
    assert [tested.image_id(index) for index in range(len(tested))] == ["cat/9.jpg", "dog/8.jpg"]
    assert len(_images(photos, **options)) == len(_split(photos, "train-fullsup", **options)) == 3
    assert "cat/9.jpg" in _some_truth(photos, **options)
    assert len(_split(photos, "train-fullsup", fullsup=options["test"])) == 2


def test_a_class_may_be_called_masks(tmp_path: Path) -> None:
    write_files(tmp_path, {"masks/1.jpg": photo(), "hats/1.jpg": photo()})
    assert _images(tmp_path).class_names == ("hats", "masks")
    assert _truth(tmp_path) is None


def test_mask_of_another_size_is_refused(photos: Path) -> None:
    write_files(photos, {"masks/cat/1.png": encoded(np.ones((3, 4), np.uint8))})
    with pytest.raises(DataError, match=r"1\.png: is 4x3 pixels, its photograph 12x8"):
        _some_truth(photos)["cat/1.jpg"]


@pytest.mark.parametrize(
    ("option", "message"), [("boxes", "can't be read"), ("masks", "no such folder of masks")]
)
def test_annotations_named_but_missing(photos: Path, option: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        _truth(photos, **{option: str(photos / "gone")})


def test_unknown_option_names_the_valid_ones(photos: Path) -> None:
    with pytest.raises(ConfigError, match="option 'box' is unknown; its options: boxes, masks, test"):
        _images(photos, box="x")
