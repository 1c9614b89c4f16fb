"""Finding photographs below folders: sorted, hidden files and masks left out, safe against loops of links.

Folders that `aln` itself filled are left out too: pictures of results are no photographs, and no class.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from aln.data.images import IMAGE_SUFFIXES, OTHER_SUFFIXES
from aln.data.notices import tell
from aln.errors import DataError

RESULTS = ("localizations.jsonl", "review.json", "model.json", "checkpoint.ckpt")
"""A folder with one of these is one that `aln localize`, `aln web` or `aln train` filled."""


def list_images(paths: Iterable[Path]) -> Iterator[Path]:
    """The photographs that `paths` name: files as they are, folders with all that lies below them, sorted.

    Holds one folder's names at a time, so any number of photographs streams in constant memory. At the end of
    a folder pictures in it that are not read are counted on standard error.

    Raises:
        DataError: At once if a path does not exist; while iterating if a folder holds no photograph.
    """
    given = list(paths)
    for path in given:
        if not path.is_dir() and not path.is_file():
            raise DataError(f"{path}: there is no such file or folder; check the path")
    return _listed(given)


def walk_images(folder: Path, others: Counter[str] | None = None) -> Iterator[Path]:
    """All files with an image suffix below `folder`, files before folders, each sorted by name.

    Hidden names, masks (`masks_folder`, at any depth) and results are left out, links are followed, and a
    folder that is reached twice counts once. A link to a folder that `folder` lies in is a loop and not
    followed: its photographs are of other classes.

    Args:
        folder: Where to look.
        others: Gets the number of pictures that are not read added, by suffix.

    Raises:
        DataError: If a folder can't be listed.
    """
    above = {*folder.absolute().parents, *folder.resolve().parents}
    return _walked(folder, {_identity(parent) for parent in above}, Counter() if others is None else others)


def masks_folder(root: Path) -> Path | None:
    """`masks` in `root`, where it holds the masks of the folders beside it: has one of the same name.

    Without one it is a folder of photographs like any other. Raises as `walk_images` does.
    """
    return _masks_beside(root, visible_folders(root))


def left_out(others: Counter[str]) -> str:
    """What `walk_images` counted in words, with the way out; empty where it counted nothing."""
    if not others:
        return ""
    count = others.total()
    kinds = ", ".join(f"{suffix} {number}" for suffix, number in others.most_common())
    files = "1 file of another kind was" if count == 1 else f"{count} files of other kinds were"
    return f"{files} left out: {kinds}; convert photographs to JPEG or PNG"


def visible_folders(root: Path) -> list[Path]:
    """The folders right below `root` that are not hidden and hold no results, sorted by name.

    Raises as `walk_images` does.
    """
    return _listing(root)[1]


def _listed(paths: list[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_file():
            yield path
            continue
        empty = True
        others: Counter[str] = Counter()
        for image in walk_images(path, others):
            empty = False
            yield image
        hint = left_out(others)
        if empty:
            suffixes = ", ".join(sorted(IMAGE_SUFFIXES))
            raise DataError(
                f"{path}: holds no photographs; looked for names that end in {suffixes}{hint and f'; {hint}'}"
            )
        if hint:
            tell(f"{path}: {hint}")


def _walked(folder: Path, seen: set[tuple[int, int]], others: Counter[str]) -> Iterator[Path]:
    identity = _identity(folder)
    if identity in seen:
        return
    seen.add(identity)
    files, folders = _listing(folder)
    yield from (file for file in files if file.suffix.lower() in IMAGE_SUFFIXES)
    others.update(suffix for file in files if (suffix := file.suffix.lower()) in OTHER_SUFFIXES)
    masks = _masks_beside(folder, folders)
    for below in folders:
        if masks is None or not below.samefile(masks):
            yield from _walked(below, seen, others)


def _masks_beside(root: Path, folders: Sequence[Path]) -> Path | None:
    masks = root / "masks"
    if not masks.is_dir():
        return None
    return masks if any((masks / folder.name).is_dir() for folder in folders if folder != masks) else None


def _identity(folder: Path) -> tuple[int, int]:
    """What stays the same whatever path a folder is reached by."""
    status = folder.stat()
    return status.st_dev, status.st_ino


def _listing(folder: Path) -> tuple[list[Path], list[Path]]:
    """The files and the folders in `folder` that are not hidden, each sorted; broken links are neither.

    Nor is a folder of results; it is named on standard error.
    """
    try:
        paths = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
        files = [path for path in paths if path.is_file()]
        folders = [path for path in paths if path.is_dir()]
        results = [path for path in folders if any((path / name).exists() for name in RESULTS)]
    except OSError as error:
        raise DataError(f"{folder}: can't be listed ({error.strerror}); check its permissions") from error
    for path in results:
        tell(f"{path}: holds results or a model of aln and is left out")
    return files, [path for path in folders if path not in results]
