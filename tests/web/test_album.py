"""The album: what it lists, what it keeps out, and photographs that are sent."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from aln.errors import DataError
from aln.web import album as album_module
from aln.web.album import Album, UnknownPhotographError
from tests.small_model import photograph
from tests.web.conftest import NAMES


def png(seed: int = 0, height: int = 9, width: int = 8) -> bytes:
    return cv2.imencode(".png", photograph(height, width, seed))[1].tobytes()


@pytest.fixture
def album(album_folder: Path) -> Album:
    return Album(album_folder, album_folder.parent / "review")


def ids(album: Album) -> list[str]:
    return [entry.image_id for entry in album]


def test_photographs_come_in_order_and_keep_their_keys(album: Album) -> None:
    before = {entry.image_id: entry.key for entry in album}
    assert sorted(before) == sorted(NAMES)
    (album.folder or Path()).joinpath("0.png").write_bytes(png())
    assert {entry.image_id: entry.key for entry in album.refresh()}.items() >= before.items()
    assert all(re.fullmatch("[0-9a-f]{16}", key) for key in before.values())


@pytest.mark.parametrize("key", ["", "../a", "ant/a b.png", "0" * 16])
def test_only_keys_of_the_list_lead_anywhere(album: Album, key: str) -> None:
    with pytest.raises(UnknownPhotographError, match="no such photograph"):
        album[key]


def test_links_out_of_the_folder_are_left_out(album_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "s.png").write_bytes(png())
    (album_folder / "link.png").symlink_to(tmp_path / "secret" / "s.png")
    (album_folder / "linked").symlink_to(tmp_path / "secret")
    (album_folder / "inside.png").symlink_to(album_folder / "z.webp")
    album = Album(album_folder, tmp_path / "review")
    assert sorted(ids(album)) == sorted([*NAMES, "inside.png"])
    assert album.outside == 2


def test_a_photograph_that_became_a_link_is_not_read(album: Album, tmp_path: Path) -> None:
    entry = next(entry for entry in album if entry.image_id == "bee/x.png")
    (tmp_path / "secret.png").write_bytes(png())
    entry.path.unlink()
    entry.path.symlink_to(tmp_path / "secret.png")
    with pytest.raises(DataError, match="leads out of the folder"):
        album.read(entry)


def test_masks_are_not_reviewed_and_other_kinds_are_counted(
    album_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("masks/bee/x.png", "masks/ant/a b.png", "bee/y.heic", "masks/bee/z.heic"):
        (album_folder / name).parent.mkdir(parents=True, exist_ok=True)
        (album_folder / name).write_bytes(png())
    album = Album(album_folder, album_folder.parent / "review")
    album.refresh()
    assert sorted(ids(album)) == sorted(NAMES)
    told = "1 file of another kind was left out: .heic 1; convert photographs to JPEG or PNG"
    assert capsys.readouterr().err == f"{album_folder}: {told}\n"


def test_reviews_among_the_photographs_are_no_photographs(album_folder: Path) -> None:
    album = Album(album_folder, album_folder / "review")
    album.add("new.png", png())
    assert sorted(entry.image_id for entry in album.refresh()) == sorted([*NAMES, "uploads/new.png"])


def test_large_photographs_are_refused_by_their_header(album: Album, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(album_module, "MAX_PIXELS", 1000)
    with pytest.raises(DataError, match=r"its header says 40x40"):
        album.read(next(iter(album)))
    with pytest.raises(DataError, match=r"its header says 200x100"):
        album.add("bomb.png", png(height=100, width=200))
    assert not (album.out / "uploads").exists()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("a.png", "a.png"),
        ("../../etc/a.png", "a.png"),
        ("C:\\photos\\b.JPG", "b.JPG"),
        ("..png.png", "png.png"),
        ('x<"|\n\x00.png', "x_____.png"),
        ("é" * 200 + ".png", "é" * 58 + ".png"),
    ],
    ids=["plain", "path", "windows", "hidden", "odd letters", "long"],
)
def test_names_of_sent_photographs_are_made_safe(album: Album, given: str, kept: str) -> None:
    assert album.add(given, png()).path == album.out / "uploads" / kept


def test_the_same_photograph_twice_is_one(album: Album) -> None:
    first, again, other = album.add("a.png", png(1)), album.add("a.png", png(1)), album.add("a.png", png(2))
    assert first == again
    assert other.image_id == "uploads/a-2.png"
    assert np.array_equal(album.read(other), photograph(9, 8, 2)[..., ::-1])


@pytest.mark.parametrize(
    ("name", "data", "problem"),
    [("a.txt", png(), "must end as photographs do"), ("a.png", b"GIF", "not an image"), ("", b"", "end as")],
    ids=["suffix", "no image", "nothing"],
)
def test_what_is_no_photograph_is_refused(album: Album, name: str, data: bytes, problem: str) -> None:
    with pytest.raises(DataError, match=problem):
        album.add(name, data)
    assert ids(album) == ids(Album(album.folder, album.out))


def test_some_of_each_are_gathered_by_links(album: Album) -> None:
    own = list(album)
    sent = album.add("new.png", png())
    assert album.gathered(own) == album.folder
    assert album.gathered([sent]) == album.out
    gathered = album.gathered([*own, sent])
    for entry in (*own, sent):
        assert (gathered / entry.image_id).read_bytes() == entry.path.read_bytes()


def test_without_a_folder_there_are_only_sent_ones(tmp_path: Path) -> None:
    album = Album(None, tmp_path)
    assert ids(album) == []
    sent = album.add("new.png", png())
    assert list(Album(None, tmp_path)) == [sent]
    assert album.gathered([sent]) == tmp_path


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no photographs"):
        Album(tmp_path, tmp_path / "out")
