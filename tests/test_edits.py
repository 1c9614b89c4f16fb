"""What was changed in a folder since `aln` wrote it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from aln.edits import content_digest, edited, forget, remember, set_aside


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as a format leaves it, with a link to the photographs."""
    for name in ("photos/1.jpg", "yolo/labels/ant/1.txt", "yolo/labels/bee/1.txt", "yolo/data.yaml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name, encoding="utf-8")
    (tmp_path / "yolo" / "images").symlink_to(tmp_path / "photos", target_is_directory=True)
    remember(tmp_path / "yolo", content_digest(tmp_path / "yolo"))
    return tmp_path / "yolo"


def _copy_instead_of_link(folder: Path) -> None:
    (folder / "images").unlink()
    shutil.copytree(folder.parent / "photos", folder / "images")


def _exchange(folder: Path) -> None:
    one, other = (folder / "labels" / name for name in ("ant", "bee"))
    one.rename(folder / "labels" / "was")
    other.rename(one)
    (folder / "labels" / "was").rename(other)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda folder: None, False),
        (lambda folder: os.utime(folder / "data.yaml", (1, 1)), False),
        (lambda folder: (folder.parent / "photos" / "1.jpg").write_bytes(b"another"), False),
        (lambda folder: (folder / "labels.cache").write_bytes(b"by Ultralytics"), False),
        (lambda folder: (folder / "data.yaml").write_text("yolo/data.yam1"), True),
        (lambda folder: (folder / "data.yaml").unlink(), True),
        (lambda folder: (folder / "labels" / "new.txt").touch(), True),
        (_exchange, True),
        (_copy_instead_of_link, True),
        (forget, True),
    ],
    ids=[
        *("nothing", "touched", "what a link leads to", "a cache of another program", "edited"),
        *("removed", "added", "exchanged", "photographs in place of a link", "nothing noted"),
    ],
)
def test_a_change_is_noticed(folder: Path, change: Callable[[Path], object], expected: bool) -> None:
    assert not edited(folder)
    change(folder)
    assert edited(folder) == expected


def test_a_photograph_that_lies_elsewhere_too_is_not_read(folder: Path) -> None:
    photograph = folder.parent / "photos" / "1.jpg"
    os.link(photograph, folder / "1.jpg")
    before = content_digest(folder)
    photograph.write_bytes(photograph.read_bytes()[::-1])
    assert content_digest(folder) == before
    photograph.write_bytes(b"shorter")
    assert content_digest(folder) != before


def test_folders_set_aside_never_meet(folder: Path) -> None:
    first = set_aside(folder)
    folder.mkdir()
    assert [first.name, set_aside(folder).name] == ["yolo-edited-1", "yolo-edited-2"]
    assert (first / "data.yaml").read_text(encoding="utf-8") == "yolo/data.yaml"
