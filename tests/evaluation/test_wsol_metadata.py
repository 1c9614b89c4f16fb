from __future__ import annotations

from pathlib import Path

import pytest

from aln.errors import DataError
from aln.evaluation.wsol_metadata import Masks, Metadata, read_metadata, write_metadata

BOXES = Metadata(
    {"a/é 1.jpg": 0, "b.jpg": 1},
    {"a/é 1.jpg": (500, 335), "b.jpg": (30, 20)},
    {"a/é 1.jpg": ((60, 27, 385, 331), (0, 0, 0, 0)), "b.jpg": ((1, 2, 3, 4),)},
)
MASKS = Metadata(
    {"a.jpg": 0, "b.jpg": 1},
    {},
    masks={"a.jpg": Masks(("a1.png", "a2.png"), "a_ignore.png"), "b.jpg": Masks(("b.png",), "")},
)


@pytest.mark.parametrize("metadata", [BOXES, MASKS], ids=["boxes", "masks"])
def test_what_is_written_is_read(tmp_path: Path, metadata: Metadata) -> None:
    write_metadata(tmp_path / "split", metadata)
    assert read_metadata(tmp_path / "split") == metadata


def test_files_have_the_layout_of_the_project(tmp_path: Path) -> None:
    write_metadata(tmp_path, BOXES)
    texts = {file.name: file.read_text(encoding="utf-8") for file in tmp_path.iterdir()}
    assert texts == {
        "image_ids.txt": "a/é 1.jpg\nb.jpg\n",
        "class_labels.txt": "a/é 1.jpg,0\nb.jpg,1\n",
        "image_sizes.txt": "a/é 1.jpg,500,335\nb.jpg,30,20\n",
        "localization.txt": "a/é 1.jpg,60,27,385,331\na/é 1.jpg,0,0,0,0\nb.jpg,1,2,3,4\n",
    }
    write_metadata(tmp_path, MASKS)
    assert (tmp_path / "localization.txt").read_text(encoding="utf-8") == (
        "a.jpg,a1.png,a_ignore.png\na.jpg,a2.png,\nb.jpg,b.png,\n"
    )


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        pytest.param("image_ids.txt", None, r"image_ids\.txt: can't be read", id="missing"),
        pytest.param("image_ids.txt", "", "names no image", id="no-image"),
        pytest.param("image_ids.txt", "c.jpg\n", r"class_labels\.txt: lacks c\.jpg", id="unknown-image"),
        pytest.param("class_labels.txt", "b.jpg,x\n", r"class_labels\.txt:1: 'x' must be", id="no-number"),
        pytest.param("image_sizes.txt", "b.jpg,3\n", r"image_sizes\.txt:1: .*2 values", id="short"),
        pytest.param("image_sizes.txt", "b.jpg,0,4\n", "not 0x4", id="no-pixel"),
        pytest.param("image_sizes.txt", "", r"image_sizes\.txt: lacks", id="no-size"),
        pytest.param("localization.txt", "b.jpg,1,2,3\n", "not 5 or 3", id="three-corners"),
        pytest.param("localization.txt", "b.jpg,5,2,3,4\n", "x0 <= x1", id="turned-box"),
        pytest.param("localization.txt", "b.jpg,-1,2,3,4\n", "0 <= x0", id="negative"),
        pytest.param(
            "localization.txt", "b.jpg,m.png,i\nb.jpg,n.png,j\n", ":2: an image has one", id="ignore"
        ),
        pytest.param("localization.txt", "", r"localization\.txt: lacks", id="no-box"),
    ],
)
def test_bad_files_are_named(tmp_path: Path, file: str, text: str | None, message: str) -> None:
    write_metadata(tmp_path, BOXES)
    (tmp_path / file).unlink()
    if text is not None:
        (tmp_path / file).write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        read_metadata(tmp_path)


@pytest.mark.parametrize("name", ["a,b.jpg", "a\nb.jpg"])
def test_names_that_the_layout_cannot_hold_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match="rename"):
        write_metadata(tmp_path, Metadata({name: 0}, {name: (1, 1)}, {name: ((0, 0, 1, 1),)}))
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="can't be written"):
        write_metadata(tmp_path / "file" / "split", BOXES)
