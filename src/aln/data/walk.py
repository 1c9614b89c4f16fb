"""Finding photographs below folders: sorted, hidden files left out, safe against loops of symbolic links."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from aln.data.images import IMAGE_SUFFIXES
from aln.errors import DataError


def list_images(paths: Iterable[Path]) -> Iterator[Path]:
    """The photographs that `paths` name: files as they are, folders with all that lies below them, sorted.

    Holds one folder's names at a time, so any number of photographs streams in constant memory.

    Raises:
        DataError: At once if a path does not exist; while iterating if a folder holds no photograph.
    """
    given = list(paths)
    for path in given:
        if not path.is_dir() and not path.is_file():
            raise DataError(f"{path}: there is no such file or folder; check the path")
    return _listed(given)


def walk_images(folder: Path) -> Iterator[Path]:
    """All files with an image suffix below `folder`, files before folders, each sorted by name.

    Hidden names are left out, links are followed, and a folder that is reached twice counts once. A link to
    a folder that `folder` lies in is a loop and not followed: its photographs are of other classes.

    Raises:
        DataError: If a folder can't be listed.
    """
    above = {*folder.absolute().parents, *folder.resolve().parents}
    return _walked(folder, {_identity(parent) for parent in above})


def visible_folders(root: Path) -> list[Path]:
    """The folders right below `root` that are not hidden, sorted by name; raises as `walk_images` does."""
    return _listing(root)[1]


def _listed(paths: list[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_file():
            yield path
            continue
        empty = True
        for image in walk_images(path):
            empty = False
            yield image
        if empty:
            suffixes = ", ".join(sorted(IMAGE_SUFFIXES))
            raise DataError(f"{path}: holds no photographs; looked for names that end in {suffixes}")


def _walked(folder: Path, seen: set[tuple[int, int]]) -> Iterator[Path]:
    identity = _identity(folder)
    if identity in seen:
        return
    seen.add(identity)
    files, folders = _listing(folder)
    yield from (file for file in files if file.suffix.lower() in IMAGE_SUFFIXES)
    for below in folders:
        yield from _walked(below, seen)


def _identity(folder: Path) -> tuple[int, int]:
    """What stays the same whatever path a folder is reached by."""
    status = folder.stat()
    return status.st_dev, status.st_ino


def _listing(folder: Path) -> tuple[list[Path], list[Path]]:
    """The files and the folders in `folder` that are not hidden, each sorted; broken links are neither."""
    try:
        paths = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
        return [path for path in paths if path.is_file()], [path for path in paths if path.is_dir()]
    except OSError as error:
        raise DataError(f"{folder}: can't be listed ({error.strerror}); check its permissions") from error
