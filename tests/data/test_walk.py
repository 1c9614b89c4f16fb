"""Finding photographs: order, hidden files, links, and paths that hold none."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from pathlib import Path

import pytest

from aln.data.walk import RESULTS, left_out, list_images, masks_folder, visible_folders, walk_images
from aln.errors import DataError
from tests.data.files import write_files


def _names(root: Path, paths: list[Path]) -> list[str]:
    return [path.relative_to(root).as_posix() for path in list_images(paths)]


def test_order_suffixes_and_hidden_files(tmp_path: Path) -> None:
    files = [
        "b.JPG",
        "a.png",
        "sub/z.webp",
        "sub/deeper/ü 1.Tiff",
        ".hidden.jpg",
        ".git/x.jpg",
        "notes.txt",
        "jpg",
    ]
    write_files(tmp_path, dict.fromkeys(files, b""))
    assert _names(tmp_path, [tmp_path]) == ["a.png", "b.JPG", "sub/z.webp", "sub/deeper/ü 1.Tiff"]


def test_files_and_folders_in_the_order_given(tmp_path: Path) -> None:
    write_files(tmp_path, {"b/1.jpg": b"", "a/2.jpg": b"", "c.dat": b""})
    assert _names(tmp_path, [tmp_path / "c.dat", tmp_path / "b", tmp_path / "a"]) == [
        "c.dat",
        "b/1.jpg",
        "a/2.jpg",
    ]


def test_loops_of_links_end(tmp_path: Path) -> None:
    write_files(tmp_path, {"a/1.jpg": b"", "b/2.jpg": b""})
    (tmp_path / "a" / "up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "a" / "self").symlink_to(tmp_path / "a" / "self")
    (tmp_path / "b" / "gone.jpg").symlink_to(tmp_path / "nowhere")
    assert _names(tmp_path, [tmp_path]) == ["a/1.jpg", "b/2.jpg"]


@pytest.mark.parametrize("up", ["..", "../.."], ids=["to the folder above", "two above"])
def test_a_link_to_a_folder_above_is_not_followed(tmp_path: Path, up: str) -> None:
    """Else the photographs of every class would count as this one's, too."""
    write_files(tmp_path, {"photos/cat/1.jpg": b"", "photos/dog/2.jpg": b"", "3.jpg": b""})
    cats = tmp_path / "photos" / "cat"
    (cats / "loop").symlink_to(up, target_is_directory=True)
    assert _names(cats, [cats]) == ["1.jpg"]


def test_a_linked_class_that_links_back_is_a_loop(tmp_path: Path) -> None:
    write_files(tmp_path, {"elsewhere/1.jpg": b"", "photos/dog/2.jpg": b""})
    cats = tmp_path / "photos" / "cat"
    cats.symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    (tmp_path / "elsewhere" / "back").symlink_to(tmp_path / "photos", target_is_directory=True)
    assert _names(cats, [cats]) == ["1.jpg"]


def test_linked_folders_and_files_count(tmp_path: Path) -> None:
    write_files(tmp_path, {"elsewhere/1.jpg": b"", "here/note": b""})
    (tmp_path / "here" / "link").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    (tmp_path / "here" / "one.jpg").symlink_to(tmp_path / "elsewhere" / "1.jpg")
    assert _names(tmp_path, [tmp_path / "here"]) == ["here/one.jpg", "here/link/1.jpg"]


@pytest.mark.parametrize("sign", RESULTS)
def test_what_aln_wrote_is_no_photograph_and_no_class(
    tmp_path: Path, sign: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_files(tmp_path, {"cat/1.jpg": b"", f"found/{sign}": b"", "found/overlays/cat/1.jpg.jpg": b""})
    assert _names(tmp_path, [tmp_path]) == ["cat/1.jpg"]
    assert visible_folders(tmp_path) == [tmp_path / "cat"]
    assert f"{tmp_path / 'found'}: holds results or a model of aln and is left out" in capsys.readouterr().err
    overlays = tmp_path / "found" / "overlays"
    assert _names(overlays, [overlays]) == ["cat/1.jpg.jpg"], "asked for by name they are pictures"


def test_it_streams(tmp_path: Path) -> None:
    write_files(tmp_path, {f"{name}/1.jpg": b"" for name in "abc"})
    images = walk_images(tmp_path)
    assert [path.parent.name for path in islice(images, 1)] == ["a"]
    write_files(tmp_path, {"c/2.jpg": b""})
    assert len(list(images)) == 3


def test_missing_path_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone: there is no such file or folder"):
        list_images([tmp_path, tmp_path / "gone"])


def test_folder_without_photographs_is_refused(tmp_path: Path) -> None:
    write_files(tmp_path, {"notes.txt": b""})
    with pytest.raises(DataError, match=r"holds no photographs; looked for .*\.jpg.*[^G]$"):
        list(list_images([tmp_path]))
    write_files(tmp_path, {"1.HEIC": b""})
    with pytest.raises(
        DataError, match=r"no photographs.*; 1 file of another kind was left out: \.heic 1; conv"
    ):
        list(list_images([tmp_path]))


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["cat/1.jpg", "masks/cat/1.png"], ["cat/1.jpg"]),
        (
            ["a.jpg", "cat/more/1.jpg", "dog/2.jpg", "masks/dog/2.png"],
            ["a.jpg", "cat/more/1.jpg", "dog/2.jpg"],
        ),
        (["cat/1.jpg", "masks/1.png"], None),
        (["cat/1.jpg", "masks/dog/1.png"], None),
        (["masks/cat/1.png"], None),
    ],
    ids=["annotated", "in part", "a class called masks", "of others", "alone"],
)
def test_masks_are_no_photographs_at_any_depth(
    tmp_path: Path, files: list[str], expected: list[str] | None
) -> None:
    root = write_files(tmp_path / "sets" / "pets", dict.fromkeys(files, b""))
    assert masks_folder(root) == (None if expected is None else root / "masks")
    for given in (root, root.parent):
        assert _names(root, [given]) == (files if expected is None else expected)
    if (root / "masks").is_dir():  # named on its own it is what is asked for
        assert _names(root, [root / "masks"]) == [name for name in files if name.startswith("masks/")]


def test_pictures_that_are_not_read_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    others = [
        "a.heic",
        "sub/b.HEIC",
        "sub/c.Dng",
        ".d.heic",
        ".e/f.heic",
        "boxes.csv",
        "Thumbs.db",
        "notes.txt",
    ]
    write_files(tmp_path, dict.fromkeys(["1.jpg", *others], b""))
    assert _names(tmp_path, [tmp_path, tmp_path]) == ["1.jpg", "1.jpg"]
    told = "3 files of other kinds were left out: .heic 2, .dng 1; convert photographs to JPEG or PNG"
    assert capsys.readouterr().err == f"{tmp_path}: {told}\n"
    assert left_out(Counter()) == ""
