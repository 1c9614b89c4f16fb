"""Boxes and masks of photographs in class folders: what counts, what is refused, what is named."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from aln.errors import DataError
from tests.data.class_folders import HEADER, images_in, known_truth_in, truth_in
from tests.data.files import encoded, photo, write_files


def _mask(x0: int, y0: int, x1: int, y1: int, *, value: int | np.uint16 = 255) -> bytes:
    pixels = np.zeros((8, 12), np.uint16 if isinstance(value, np.uint16) else np.uint8)
    pixels[y0:y1, x0:x1] = value
    return encoded(pixels)


def test_no_annotations_no_truth(photos: Path) -> None:
    assert truth_in(photos) is None


def test_boxes_from_the_csv(photos: Path) -> None:
    rows = "cat/1.jpg,0,0,5,4\n\ncat/1.jpg,2.5,1,6,3\n"
    write_files(photos, {"boxes.csv": "\ufeff" + HEADER + rows})
    truth = known_truth_in(photos)
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
        truth_in(photos)


@pytest.mark.parametrize(
    ("row", "box"),
    [("-1,0,12,9", [0, 0, 12, 8]), ("0,0,12,8", [0, 0, 12, 8]), ("0,0,1,2", [0, 0, 1, 2])],
    ids=["a pixel over", "whole", "small"],
)
def test_boxes_within_a_pixel_of_the_picture_pass(photos: Path, row: str, box: list[float]) -> None:
    write_files(photos, {"boxes.csv": f"{HEADER}cat/1.jpg,{row}\n"})
    assert known_truth_in(photos)["cat/1.jpg"].boxes.tolist() == [box]


def test_boxes_fit_the_picture_as_it_is_shown(photos: Path) -> None:
    """A photograph that a camera stored on its side is 8 wide and 12 high."""
    exif = PillowImage.Exif()
    exif[0x112] = 6
    turned = BytesIO()
    PillowImage.open(BytesIO(photo())).save(turned, "JPEG", exif=exif)
    write_files(photos, {"cat/1.jpg": turned.getvalue(), "boxes.csv": HEADER + "cat/1.jpg,0,0,8,12\n"})
    assert len(known_truth_in(photos)) == 1
    write_files(photos, {"boxes.csv": HEADER + "cat/1.jpg,0,0,12,8\n"})
    with pytest.raises(DataError, match="of 8x12 pixels"):
        truth_in(photos)


def test_boxes_of_a_damaged_photograph_are_no_error(photos: Path) -> None:
    """Whoever reads the photograph says what is wrong with it."""
    write_files(photos, {"cat/1.jpg": b"", "boxes.csv": HEADER + "cat/1.jpg,0,0,500,400\n"})
    assert "cat/1.jpg" in known_truth_in(photos)


@pytest.mark.parametrize("value", [1, 255, np.uint16(1), np.uint16(255), np.uint16(65535)], ids=repr)
def test_masks_give_boxes_where_there_are_none(photos: Path, value: int | np.uint16) -> None:
    write_files(photos, {"masks/cat/1.png": _mask(2, 1, 7, 5, value=value)})
    assert images_in(photos).class_names == ("cat", "dog")
    truth = known_truth_in(photos)
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
        truth = known_truth_in(photos)
        assert "cat/1.jpg" in truth
        assert "dog/1.jpg" not in truth, "its box and its mask contradict each other"
    told = f"{photos / 'masks'}: photographs with an empty mask are left out (1): dog/1.png; draw the object"
    assert capsys.readouterr().err == f"{told} in it, or remove the mask\n"


def test_masks_may_be_named_as_results_are(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_files(photos, {"masks/cat/1.jpg.png": _mask(2, 1, 7, 5), "masks/cat/1.png": _mask(0, 0, 3, 3)})
    truth = known_truth_in(photos)
    assert truth["cat/1.jpg"].boxes.tolist() == [[2, 1, 7, 5]]
    assert "of one that has another, or that are no PNG, are passed over (1): cat/1.png; save" in (
        capsys.readouterr().err
    )


@pytest.mark.parametrize(
    ("names", "used"),
    [
        (["1.PNG"], "1.PNG"),
        (["1.Png"], "1.Png"),
        (["1.jpg.PNG"], "1.jpg.PNG"),
        (["1.PNG", "1.png"], "1.png"),
        (["1.png", "1.jpg.PNG"], "1.jpg.PNG"),
        (["1.png", "1.bmp", "1.TIF", "1.jpg"], "1.png"),
        (["1.bmp"], None),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, list) else "",
)
def test_a_mask_is_a_png_in_small_letters_or_capitals(
    photos: Path, capsys: pytest.CaptureFixture[str], names: list[str], used: str | None
) -> None:
    empty = encoded(np.zeros((8, 12), np.uint8))
    write_files(photos, {f"masks/cat/{name}": _mask(2, 1, 7, 5) if name == used else empty for name in names})
    truth = known_truth_in(photos)
    assert ("cat/1.jpg" in truth) == (used is not None)
    unused = sorted(f"cat/{name}" for name in names if name != used)
    told = f"are passed over ({len(unused)}): {', '.join(unused)}; save each as PNG"
    assert (told in capsys.readouterr().err) == bool(unused)


def test_masks_of_no_photograph_are_named(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_files(photos, {"masks/cat/1.png": _mask(2, 1, 7, 5), "masks/cat/1_mask.png": _mask(2, 1, 7, 5)})
    write_files(photos, {"masks/cat/._1.png": b"of the system's"})
    assert len(known_truth_in(photos)["cat/1.jpg"].boxes) == 1
    told = "masks of no photograph, of one that has another, or that are no PNG, are passed over (1): "
    way_out = "save each as PNG, named as its photograph, in a folder of its class"
    assert capsys.readouterr().err == f"{photos / 'masks'}: {told}cat/1_mask.png; {way_out}\n"


def test_written_boxes_win_over_those_of_masks(photos: Path) -> None:
    write_files(photos, {"masks/cat/1.png": _mask(2, 1, 7, 5), "boxes.csv": HEADER + "cat/1.jpg,1,1,8,6\n"})
    assert known_truth_in(photos)["cat/1.jpg"].boxes.tolist() == [[1, 1, 8, 6]]


def test_annotations_may_lie_elsewhere(photos: Path, tmp_path: Path) -> None:
    write_files(tmp_path, {"truth/cat/1.png": _mask(2, 1, 7, 5), "b.csv": HEADER + "dog/1.jpg,1,1,8,6\n"})
    options = {"masks": str(tmp_path / "truth"), "boxes": str(tmp_path / "b.csv")}
    truth = known_truth_in(photos, **options)
    assert len(truth) == 2
    assert truth["dog/1.jpg"].mask is None
    assert images_in(photos, **options).class_names == ("cat", "dog")


def test_mask_of_another_size_is_refused(photos: Path) -> None:
    write_files(photos, {"masks/cat/1.png": encoded(np.ones((3, 4), np.uint8))})
    with pytest.raises(DataError, match=r"1\.png: is 4x3 pixels, its photograph 12x8"):
        known_truth_in(photos)["cat/1.jpg"]


@pytest.mark.parametrize(
    ("option", "message"), [("boxes", "can't be read"), ("masks", "no such folder of masks")]
)
def test_annotations_named_but_missing(photos: Path, option: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        truth_in(photos, **{option: str(photos / "gone")})
