"""The photographs that the page pages through: those of a folder, and those that were dropped on the page."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from aln.data.base import Image
from aln.data.folder import list_images
from aln.data.images import IMAGE_SUFFIXES, decode
from aln.data.notices import tell
from aln.data.walk import left_out, walk_images
from aln.errors import AlnError, DataError
from aln.files import write_atomic

MAX_PIXELS = 50_000_000
"""Larger photographs are refused before a pixel is decoded."""

UPLOADS = "uploads"
LONGEST_NAME = 120


class UnknownPhotographError(AlnError):
    """No photograph has the key that was asked for."""


@dataclass(frozen=True)
class Entry:
    """A photograph of the album.

    Attributes:
        key: Its name in addresses: a digest of `image_id`, so no path ever comes from outside.
        image_id: Path relative to the folder, or `uploads/<name>`.
        path: Where it lies.
    """

    key: str
    image_id: str
    path: Path

    @property
    def name(self) -> str:
        """`image_id` for people; bytes that are no UTF-8 are replaced."""
        return self.image_id.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


class Album:
    """The photographs, by key. Not safe for several threads at once: `Desk` takes care of that.

    Args:
        folder: Photographs to page through, any depth; None for those alone that are sent.
        out: The review folder. What is sent goes to `uploads/` in it; it is never searched for photographs.

    Raises:
        DataError: If `folder` is missing or holds no photographs.
    """

    def __init__(self, folder: Path | None, out: Path) -> None:
        self.folder = folder
        self.out = out
        self.outside = 0
        self._entries: dict[str, Entry] = {}
        if folder is not None:
            next(iter(list_images([folder])))  # raises where there is none
        self.refresh()

    def refresh(self) -> list[Entry]:
        """Look again at what lies in the folders; the photographs in order.

        Links to files outside their folder are left out and counted in `outside`.
        """
        self.outside = 0
        found = [*self._listed(self.folder, ""), *self._listed(self.out / UPLOADS, UPLOADS + "/")]
        self._entries = {entry.key: entry for entry in found}
        return list(self._entries.values())

    def __getitem__(self, key: str) -> Entry:
        """The photograph called `key`.

        Raises:
            UnknownPhotographError: If there is none.
        """
        if key not in self._entries:
            raise UnknownPhotographError("there is no such photograph; load the page again")
        return self._entries[key]

    def __iter__(self) -> Iterator[Entry]:
        return iter(list(self._entries.values()))

    def by_id(self, image_id: str) -> Entry | None:
        """The photograph with this id, or None."""
        return self._entries.get(_key(image_id))

    def read(self, entry: Entry) -> Image:
        """Decode a photograph: RGB uint8 (H, W, 3).

        Raises:
            DataError: If it can't be read, has too many pixels, or has become a link out of its folder.
        """
        if not _inside(entry.path, self._root(entry)):
            raise DataError(f"{entry.name}: leads out of the folder; put the photograph itself there")
        try:
            data = entry.path.read_bytes()
        except OSError as error:
            raise DataError(
                f"{entry.name}: can't be read ({error.strerror}); check its permissions"
            ) from error
        return decode(data, entry.name, MAX_PIXELS)

    def add(self, name: str, data: bytes) -> Entry:
        """Keep a photograph that was sent; the same one again is the same entry.

        Raises:
            DataError: If it is no image, has too many pixels, or its name doesn't end as those of images do.
        """
        safe = _file_name(name)
        decode(data, safe, MAX_PIXELS)
        for path in _free_names(self.out / UPLOADS / safe):
            taken = path.exists() or self.by_id(f"{UPLOADS}/{path.name}") is not None
            if not taken:
                _write(path, data)
            elif not path.is_file() or path.read_bytes() != data:
                continue
            entry = _entry(f"{UPLOADS}/{path.name}", path)
            self._entries[entry.key] = entry
            return entry
        raise DataError(f"{safe}: there are too many photographs of this name; rename it")

    def gathered(self, entries: Iterable[Entry]) -> Path:
        """A folder that ids of `entries` are relative to.

        That is the folder itself, or the review folder where all were sent; for some of each, a folder of
        links (or copies) in the review folder.

        Raises:
            DataError: If the folder of links can't be written.
        """
        wanted = list(entries)
        sent = [entry for entry in wanted if self._root(entry) == self.out]
        if self.folder is None or len(sent) == len(wanted):
            return self.out
        if not sent:
            return self.folder
        gathered = self.out / "photographs"
        for entry in wanted:
            if not (gathered / entry.image_id).exists():
                link_or_copy(entry.path, gathered / entry.image_id)
        return gathered

    def is_sent(self, entry: Entry) -> bool:
        """Whether a photograph was sent, and lies in the review folder."""
        return self.folder is None or entry.path == self.out / entry.image_id

    def _root(self, entry: Entry) -> Path:
        return self.out if self.folder is None or self.is_sent(entry) else self.folder

    def _listed(self, folder: Path | None, prefix: str) -> Iterator[Entry]:
        if folder is None or not folder.is_dir():
            return
        own = self.out.absolute()
        others: Counter[str] = Counter()
        for path in walk_images(folder, others):
            if not prefix and own in path.absolute().parents:
                continue
            if _inside(path, folder):
                yield _entry(prefix + path.relative_to(folder).as_posix(), path)
            else:
                self.outside += 1
        if hint := left_out(others):
            tell(f"{folder}: {hint}")


def link_or_copy(photograph: Path, to: Path) -> None:
    """Let `to` be the photograph too: a hard link, or a copy where the system has none.

    Raises:
        DataError: If it can't be written; names the file.
    """
    source = photograph.resolve()
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(source, to)
        except FileExistsError:
            raise
        except OSError:
            shutil.copyfile(source, to)
    except OSError as error:
        raise DataError(
            f"{to}: can't be written ({error.strerror}); make room or permission, or rename the photograph"
        ) from error


def _inside(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


def _entry(image_id: str, path: Path) -> Entry:
    return Entry(_key(image_id), image_id, path)


def _key(image_id: str) -> str:
    return hashlib.blake2b(image_id.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()


def _file_name(name: str) -> str:
    """The last part of a name, without what file systems or other programs stumble over."""
    last = PurePosixPath(name.replace("\\", "/")).name
    kept = "".join(letter if letter.isprintable() and letter not in '<>:"|?*' else "_" for letter in last)
    path = PurePosixPath(kept.strip(" .") or "photograph")
    if path.suffix.lower() not in IMAGE_SUFFIXES:
        raise DataError(
            f"{path}: the name must end as photographs do, in one of {', '.join(sorted(IMAGE_SUFFIXES))}"
        )
    stem = path.stem.encode()[: LONGEST_NAME - len(path.suffix)].decode(errors="ignore")
    return stem + path.suffix


def _free_names(path: Path) -> Iterator[Path]:
    yield path
    yield from (path.with_name(f"{path.stem}-{number}{path.suffix}") for number in range(2, 10_000))


def _write(path: Path, data: bytes) -> None:
    try:
        write_atomic(path, data)
    except OSError as error:
        raise DataError(f"{path}: can't be written ({error.strerror}); make room or permission") from error
