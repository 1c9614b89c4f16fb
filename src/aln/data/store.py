"""Named files in a folder tree or in zip archives, read the same way."""

from __future__ import annotations

import os
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from aln.data.images import read_bytes
from aln.errors import DataError

_WHOLE = 2**20
_BLOCK = 2**16
_BLOCKS = 6
_UNCOMPRESSED = frozenset({".bmp", ".dib", ".ppm", ".pgm", ".pbm", ".pnm", ".pfm", ".tif", ".tiff"})
"""Suffixes (lower case) of formats that need not be compressed: an edit of one pixel changes nothing else."""


class Store(ABC):
    """Files by relative name with forward slashes; picklable, and safe to use in several processes."""

    @abstractmethod
    def names(self) -> Sequence[str]:
        """All names, sorted."""

    @abstractmethod
    def read(self, name: str) -> bytes:
        """The content of one file.

        Raises:
            DataError: If it is missing or damaged; names the file.
        """

    @abstractmethod
    def digest(self, name: str) -> bytes:
        """Bytes that change when the file's content changes, and with nothing else; see `file_digest`."""

    @abstractmethod
    def where(self, name: str) -> str:
        """What error messages call the file."""

    def read_lines(self, name: str) -> list[str]:
        """The lines of a UTF-8 text file without blank ones."""
        try:
            text = self.read(name).decode("utf-8")
        except UnicodeDecodeError as error:
            raise DataError(f"{self.where(name)}: is not UTF-8 text; fetch it again") from error
        return [line for line in text.splitlines() if line.strip()]


class FolderStore(Store):
    """The files below a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def names(self) -> Sequence[str]:
        paths = (Path(folder) / file for folder, _, files in os.walk(self.root) for file in files)
        return sorted(path.relative_to(self.root).as_posix() for path in paths)

    def read(self, name: str) -> bytes:
        return read_bytes(self.root / name)

    def digest(self, name: str) -> bytes:
        return file_digest(self.root / name)

    def where(self, name: str) -> str:
        return str(self.root / name)


class ZipStore(Store):
    """The members of zip archives; the one folder that they all lie in, if any, is left out of the names.

    A file that lies loose beside the archives hides the member of the same name.
    """

    def __init__(self, archives: Sequence[Path]) -> None:
        self._folder = archives[0].parent
        self._archives = tuple(archives)
        self._handles: dict[tuple[int, int], zipfile.ZipFile] = {}
        members = {
            info.filename: (number, info.CRC)
            for number in range(len(archives))
            for info in self._handle(number).infolist()
            if not info.is_dir()
        }
        prefix = _common_folder(members)
        self._members = {
            name.removeprefix(prefix): (number, name, crc) for name, (number, crc) in members.items()
        }

    def names(self) -> Sequence[str]:
        return sorted(self._members)

    def read(self, name: str) -> bytes:
        if name not in self._members or self._is_loose(name):
            return read_bytes(self._folder / name)
        number, member, _ = self._members[name]
        try:
            return self._handle(number).read(member)
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError) as error:
            raise DataError(f"{self.where(name)}: is damaged ({error}); fetch the archive again") from error

    def digest(self, name: str) -> bytes:
        if name not in self._members or self._is_loose(name):
            return file_digest(self._folder / name)
        return self._members[name][2].to_bytes(4, "little")

    def where(self, name: str) -> str:
        if name not in self._members or self._is_loose(name):
            return str(self._folder / name)
        number, member, _ = self._members[name]
        return f"{self._archives[number]}:{member}"

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_handles": {}}

    def _is_loose(self, name: str) -> bool:
        return "/" not in name and (self._folder / name).is_file()

    def _handle(self, number: int) -> zipfile.ZipFile:
        """An open archive of this very process: a forked one would share, and move, the file position."""
        key = (os.getpid(), number)
        if key not in self._handles:
            path = self._archives[number]
            try:
                self._handles[key] = zipfile.ZipFile(path)
            except (zipfile.BadZipFile, OSError) as error:
                raise DataError(
                    f"{path}: can't be opened as a zip archive ({error}); fetch it again"
                ) from error
        return self._handles[key]


def open_store(root: Path, pattern: str = "*.zip") -> Store:
    """The zip archives in `root` that match `pattern`, or where there are none the folder itself.

    Raises:
        DataError: If `root` is no folder, or an archive is damaged.
    """
    if not root.is_dir():
        raise DataError(f"{root}: is not a folder; give the one that holds the data set")
    archives = sorted(root.glob(pattern))
    return ZipStore(archives) if archives else FolderStore(root)


def file_digest(path: Path) -> bytes:
    """SHA-256 of a file's content; of a compressed one above 1 MiB, of its size and of six blocks of 64 KiB.

    The blocks are both ends and four evenly spaced between them, so that large photographs are quick too.
    An edited photograph that is compressed differs in its size, or in all that follows the edit; a change of
    bytes that keeps the size and falls between the blocks goes unseen. Files whose names say that they need
    not be compressed (BMP, PNM, TIFF) are read as a whole.
    """
    digest = sha256()
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if status.st_size <= _WHOLE or path.suffix.lower() in _UNCOMPRESSED:
                while part := file.read(_WHOLE):
                    digest.update(part)
            else:
                digest.update(str(status.st_size).encode())
                for block in range(_BLOCKS):
                    file.seek(block * (status.st_size - _BLOCK) // (_BLOCKS - 1))
                    digest.update(file.read(_BLOCK))
    except OSError as error:
        digest.update(f"unreadable: {error.errno}".encode())
    return digest.digest()


def _common_folder(names: dict[str, Any]) -> str:
    """ "top/" if every name begins with the same folder, else ""."""
    tops = {name.split("/", 1)[0] if "/" in name else "" for name in names}
    return f"{tops.pop()}/" if len(tops) == 1 and "" not in tops else ""
