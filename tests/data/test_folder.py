"""Photographs in class folders: what is read, what is refused, and ground truth that stays apart."""

from __future__ import annotations

import os
import shutil
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as PillowImage

from aln.config import DataConfig
from aln.data import GroundTruth, LabelledImages, Split, open_images, open_truth, shared_ids
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


def _mask(x0: int, y0: int, x1: int, y1: int, *, value: int | np.uint16 = 255) -> bytes:
    pixels = np.zeros((8, 12), np.uint16 if isinstance(value, np.uint16) else np.uint8)
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


def test_a_copy_under_another_name_has_the_same_fingerprint(photos: Path, tmp_path: Path) -> None:
    """Large files too, and whatever their times: `cp -r` and a download set new ones."""
    write_files(photos, {"cat/large.jpg": b"a" * 2**21})
    copy = Path(shutil.copytree(photos, tmp_path / "elsewhere" / "renamed"))
    os.utime(copy / "cat" / "large.jpg", (1, 1))
    assert _images(copy).fingerprint() == _images(photos).fingerprint()
    assert _images(copy).name == "renamed"


def test_pictures_that_are_not_read_are_counted_once(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    others = ["cat/1.HEIC", "cat/2.heic", "dog/a.svg", "dog/.hidden.heic", "dog/Thumbs.db", "masks/cat/1.psd"]
    write_files(photos, {**dict.fromkeys(others, b""), "boxes.csv": HEADER + "cat/1.jpg,0,0,5,4\n"})
    assert len(_images(photos)) == len(_split(photos, "test")) == 3
    assert len(_some_truth(photos)) == 1
    told = "3 files of other kinds were left out: .heic 2, .svg 1; convert photographs to JPEG or PNG"
    assert capsys.readouterr().err == f"{photos}: {told}\n"


def test_photographs_are_told_apart_by_content(photos: Path, tmp_path: Path) -> None:
    named_alike: dict[str, bytes | str] = {"cat/1.jpg": photo(seed=5), "dog/1.jpg": photo(seed=6)}
    others = _images(write_files(tmp_path / "others", named_alike))
    assert shared_ids(_images(photos), others) == []
    write_files(tmp_path / "others", {"dog/9.jpg": (photos / "cat" / "1.jpg").read_bytes()})
    assert shared_ids(_images(photos), _images(tmp_path / "others")) == ["cat/1.jpg"]
    assert shared_ids(_images(photos), _images(photos)) == [_images(photos).image_id(i) for i in range(3)]


def test_no_annotations_no_truth(photos: Path) -> None:
    assert _truth(photos) is None


def test_boxes_from_the_csv(photos: Path) -> None:
    rows = "cat/1.jpg,0,0,5,4\n\ncat/1.jpg,2.5,1,6,3\n"
    write_files(photos, {"boxes.csv": "\ufeff" + HEADER + rows})
    truth = _some_truth(photos)
    np.testing.assert_array_equal(
        truth["cat/1.jpg"].boxes, np.array([[0, 0, 5, 4], [2.5, 1, 6, 3]], np.float32)
    )
    assert truth["cat/1.jpg"].boxes.dtype == np.float32
    assert truth["cat/1.jpg"].mask is None
    assert len(truth) == 1
    assert "dog/1.jpg" not in truth


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file,box\n", "has no column image, x0, y0, x1, y1; its first line must be image,x0,y0,x1,y1"),
        (HEADER + "cat/1.jpg,0,0,5,4\ncat/9.jpg,0,0,5,4\n", r"line 3: there is no photograph 'cat/9\.jpg'"),
        (HEADER + "cat/1.jpg,0,0,wide,4\n", "line 2: x0, y0, x1 and y1 must be numbers"),
        (HEADER + "cat/1.jpg,0,0\n", "line 2: x0, y0, x1 and y1 must be numbers"),
        (HEADER + "cat/1.jpg,0,0,nan,4\n", "line 2: x0, y0, x1 and y1 must be finite numbers"),
        (
            HEADER + "cat/1.jpg,0,0,5,4\ndog/1.jpg,3,3,3,9\n",
            "line 3: the box 3, 3, 3, 9 is empty; write corn",
        ),
        (HEADER + "cat/1.jpg,9,6,3,2\n", "line 2: the box 9, 6, 3, 2 is empty; write corners.* in pixels"),
        (HEADER + "cat/1.jpg,0,.25,.5,1\n", "line 2: the box 0, 0.25, 0.5, 1 is relative.*in pixels"),
        (HEADER + "cat/1.jpg,20,20,40,40\n", r"line 2: the box .* reaches out .*of 12x8 pixels .*in pixels"),
        (HEADER + "cat/1.jpg,0,0,12,80\n", "line 2: the box 0, 0, 12, 80 reaches out"),
        (HEADER + "cat/1.jpg,-5,0,5,4\n", "line 2: the box -5, 0, 5, 4 reaches out"),
        (HEADER + "cat/1.jpg,12,0,13,4\n", "line 2: the box 12, 0, 13, 4 reaches out"),
        (b"\xff\xfe\x00", "is not UTF-8 text"),
    ],
    ids=[
        *("columns", "unknown image", "no number", "short row", "not finite", "no width", "corners swapped"),
        *("relative", "outside", "of a larger picture", "before the edge", "behind it", "encoding"),
    ],
)
def test_malformed_boxes_name_the_line(photos: Path, text: str | bytes, message: str) -> None:
    write_files(photos, {"boxes.csv": text})
    with pytest.raises(DataError, match=rf"boxes\.csv: {message}"):
        _truth(photos)


@pytest.mark.parametrize(
    ("row", "box"),
    [("-1,0,12,9", [0, 0, 12, 8]), ("0,0,12,8", [0, 0, 12, 8]), ("0,0,1,2", [0, 0, 1, 2])],
    ids=["a pixel over", "whole", "small"],
)
def test_boxes_within_a_pixel_of_the_picture_pass(photos: Path, row: str, box: list[float]) -> None:
    write_files(photos, {"boxes.csv": f"{HEADER}cat/1.jpg,{row}\n"})
    assert _some_truth(photos)["cat/1.jpg"].boxes.tolist() == [box]


def test_boxes_fit_the_picture_as_it_is_shown(photos: Path) -> None:
    """A photograph that a camera stored on its side is 8 wide and 12 high."""
    exif = PillowImage.Exif()
    exif[0x112] = 6
    turned = BytesIO()
    PillowImage.open(BytesIO(photo())).save(turned, "JPEG", exif=exif)
    write_files(photos, {"cat/1.jpg": turned.getvalue(), "boxes.csv": HEADER + "cat/1.jpg,0,0,8,12\n"})
    assert len(_some_truth(photos)) == 1
    write_files(photos, {"boxes.csv": HEADER + "cat/1.jpg,0,0,12,8\n"})
    with pytest.raises(DataError, match="of 8x12 pixels"):
        _truth(photos)


def test_boxes_of_a_damaged_photograph_are_no_error(photos: Path) -> None:
    """Whoever reads the photograph says what is wrong with it."""
    write_files(photos, {"cat/1.jpg": b"", "boxes.csv": HEADER + "cat/1.jpg,0,0,500,400\n"})
    assert "cat/1.jpg" in _some_truth(photos)


@pytest.mark.parametrize("value", [1, 255, np.uint16(1), np.uint16(255), np.uint16(65535)], ids=repr)
def test_masks_give_boxes_where_there_are_none(photos: Path, value: int | np.uint16) -> None:
    write_files(photos, {"masks/cat/1.png": _mask(2, 1, 7, 5, value=value)})
    assert _images(photos).class_names == ("cat", "dog")
    truth = _some_truth(photos)
    found = truth["cat/1.jpg"]
    assert found.boxes.tolist() == [[2, 1, 7, 5]]
    assert found.mask is not None
    assert found.mask.sum() == 20
    assert "dog/1.jpg" not in truth


def test_empty_masks_are_named_and_their_photographs_left_out(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    masks = {"masks/cat/1.png": _mask(2, 1, 7, 5), "masks/dog/1.png": _mask(0, 0, 0, 0)}
    write_files(photos, {**masks, "boxes.csv": HEADER + "dog/1.jpg,0,0,5,4\n"})
    for _ in range(2):
        truth = _some_truth(photos)
        assert "cat/1.jpg" in truth
        assert "dog/1.jpg" not in truth, "its box and its mask contradict each other"
    told = f"{photos / 'masks'}: photographs with an empty mask are left out (1): dog/1.png; draw the object"
    assert capsys.readouterr().err == f"{told} in it, or remove the mask\n"


def test_masks_may_be_named_as_results_are(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_files(photos, {"masks/cat/1.jpg.png": _mask(2, 1, 7, 5), "masks/cat/1.png": _mask(0, 0, 3, 3)})
    truth = _some_truth(photos)
    assert truth["cat/1.jpg"].boxes.tolist() == [[2, 1, 7, 5]]
    assert "or of one that has another, are passed over (1): cat/1.png; name" in capsys.readouterr().err


def test_masks_of_no_photograph_are_named(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_files(photos, {"masks/cat/1.png": _mask(2, 1, 7, 5), "masks/cat/1_mask.png": _mask(2, 1, 7, 5)})
    write_files(photos, {"masks/cat/._1.png": b"of the system's"})
    assert len(_some_truth(photos)["cat/1.jpg"].boxes) == 1
    told = (
        "masks of no photograph, or of one that has another, are passed over (1): cat/1_mask.png; name each"
    )
    assert (
        capsys.readouterr().err == f"{photos / 'masks'}: {told} as its photograph, in a folder of its class\n"
    )


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
