from __future__ import annotations

import filecmp
import os
from pathlib import Path

import pytest

from aln.files import same_file, write_atomic


def test_writes_and_replaces(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "a.bin"
    write_atomic(path, b"one")
    write_atomic(path, b"two")
    assert path.read_bytes() == b"two"
    assert list(path.parent.iterdir()) == [path]


def test_others_may_read_it(tmp_path: Path) -> None:
    write_atomic(tmp_path / "a", b"")
    (tmp_path / "b").touch()
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode


def test_a_full_disk_leaves_the_earlier_file_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "a.bin"
    write_atomic(path, b"earlier")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_atomic(path, b"later")
    assert path.read_bytes() == b"earlier"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("now", "before", "same"),
    [
        pytest.param(b"abc", b"abc", True, id="copied"),
        pytest.param(b"abc", None, True, id="moved"),
        pytest.param(b"abc", b"abcd", False, id="another"),
        pytest.param(b"abc", b"abd", False, id="as-long"),
        pytest.param(None, b"abc", False, id="missing"),
        pytest.param(None, None, False, id="lost"),
    ],
)
def test_a_moved_file_is_told_from_another(
    tmp_path: Path, now: bytes | None, before: bytes | None, same: bool
) -> None:
    for name, content in (("now", now), ("before", before)):
        if content is not None:
            (tmp_path / name).write_bytes(content)
    assert same_file(tmp_path / "now", tmp_path / "before") == same


def test_a_link_is_the_same_file_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "before").write_bytes(b"large")
    (tmp_path / "now").symlink_to(tmp_path / "before")
    monkeypatch.delattr(filecmp, "cmp")
    assert same_file(tmp_path / "now", tmp_path / "before")
