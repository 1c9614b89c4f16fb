"""Files in folders and zips: the same names, the same content, in any process."""

from __future__ import annotations

import os
import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from aln.data.store import Store, file_digest, open_store
from aln.errors import DataError
from tests.data.files import write_files, write_zip

FILES: dict[str, bytes | str] = {
    "list.txt": "one\n\n two \n",
    "images/a 1.bin": b"\x00\x01",
    "images/ü.bin": b"2",
}


@pytest.fixture(params=["folder", "zip", "zip with a top folder", "two zips"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """The same three files, kept in different ways."""
    if request.param == "folder":
        return open_store(write_files(tmp_path, FILES))
    if request.param == "zip":
        return open_store(write_zip(tmp_path / "all.zip", FILES))
    topped = {f"top/{name}": content for name, content in FILES.items()}
    if request.param == "two zips":
        write_zip(tmp_path / "b.zip", {"top/list.txt": topped.pop("top/list.txt")})
    return open_store(write_zip(tmp_path / "a.zip", topped))


def _read_from_child(store: Store, name: str) -> bytes:
    return store.read(name)


def test_names_and_content(store: Store) -> None:
    assert store.names() == sorted(FILES)
    assert store.read("images/a 1.bin") == b"\x00\x01"
    assert store.read_lines("list.txt") == ["one", " two "]
    assert store.digest("images/ü.bin") != store.digest("images/a 1.bin")
    assert store.digest("images/ü.bin") == pickle.loads(pickle.dumps(store)).digest("images/ü.bin")


def test_missing_file_is_named(store: Store) -> None:
    with pytest.raises(DataError, match=r"gone\.bin: can't be read"):
        store.read("gone.bin")


def test_copies_read_in_other_processes(tmp_path: Path) -> None:
    store = open_store(write_zip(tmp_path / "all.zip", FILES))
    store.read("images/ü.bin")
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        results = pool.map(_read_from_child, [store] * 4, ["images/ü.bin", "images/a 1.bin"] * 2)
        assert list(results) == [b"2", b"\x00\x01"] * 2


def test_loose_file_hides_the_member(tmp_path: Path) -> None:
    store = open_store(write_zip(tmp_path / "all.zip", FILES))
    write_files(tmp_path, {"list.txt": "mine"})
    assert store.read_lines("list.txt") == ["mine"]


def test_digest_is_that_of_the_content(tmp_path: Path) -> None:
    first = open_store(write_zip(tmp_path / "1" / "all.zip", FILES))
    second = open_store(write_zip(tmp_path / "2" / "all.zip", {**FILES, "list.txt": "other"}))
    assert first.digest("images/ü.bin") == second.digest("images/ü.bin")
    assert first.digest("list.txt") != second.digest("list.txt")


@pytest.mark.parametrize("size", [1000, 2**20 + 1, 2**22])
def test_digest_of_a_file_sees_what_an_editor_changes(tmp_path: Path, size: int) -> None:
    """One byte where files are small; in large ones both ends, the middle and the size; never the time."""
    plain = bytes(size)
    changed = [plain, plain + b"0"]
    for start in (0, size // 5 * 2, size // 5 * 3, size - 1):
        length = 1 if size <= 2**20 or start in (0, size - 1) else size // 4
        changed.append(plain[:start] + b"1" * length + plain[start + length :])
    digests = []
    for content in changed:
        (tmp_path / "file").write_bytes(content)
        digests.append(file_digest(tmp_path / "file"))
    assert len(set(digests)) == len(changed)
    (tmp_path / "copy").write_bytes(changed[-1])
    os.utime(tmp_path / "copy", (1, 1))
    assert file_digest(tmp_path / "copy") == digests[-1]


@pytest.mark.parametrize(
    ("name", "sees"),
    [
        ("a.bmp", True),
        ("a.PPM", True),
        ("a.pgm", True),
        ("a.tif", True),
        ("a.tiff", True),
        ("a.jpg", False),
        ("a.png", False),
    ],
)
def test_digest_of_a_large_photograph_without_compression_sees_a_pixel(
    tmp_path: Path, name: str, sees: bool
) -> None:
    content = bytearray(2**21)
    (tmp_path / name).write_bytes(content)
    before = file_digest(tmp_path / name)
    content[2**20 + 2**18] = 1  # between two blocks
    (tmp_path / name).write_bytes(content)
    assert (file_digest(tmp_path / name) != before) is sees


def test_digest_of_a_large_compressed_file_stays_what_it_was(tmp_path: Path) -> None:
    """Caches and results go by it."""
    (tmp_path / "a.jpg").write_bytes(bytes(range(256)) * 2**13)
    assert file_digest(tmp_path / "a.jpg").hex().startswith("962d8ca59def03b8")


def test_digest_of_a_large_file_reads_little(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_bytes(bytes(2**24))
    hashed = 0

    class Counting:
        def update(self, data: bytes) -> None:
            nonlocal hashed
            hashed += len(data)

        def digest(self) -> bytes:
            return b""

    monkeypatch.setattr("aln.data.store.sha256", Counting)
    file_digest(tmp_path / "file")
    assert hashed < 500_000


def test_broken_archives_are_named(tmp_path: Path) -> None:
    write_zip(tmp_path / "all.zip", FILES)
    content = (tmp_path / "all.zip").read_bytes()
    (tmp_path / "all.zip").write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match=r"all\.zip: can't be opened as a zip archive"):
        open_store(tmp_path)


def test_damaged_member_is_named(tmp_path: Path) -> None:
    write_zip(tmp_path / "all.zip", {"a/x.bin": b"0123456789", "b.bin": b""})
    content = (tmp_path / "all.zip").read_bytes()
    (tmp_path / "all.zip").write_bytes(content.replace(b"0123456789", b"0123456780", 1))
    with pytest.raises(DataError, match=r"all\.zip:a/x\.bin: is damaged"):
        open_store(tmp_path).read("a/x.bin")


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="gone: is not a folder"):
        open_store(tmp_path / "gone")
