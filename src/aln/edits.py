"""Folders that `aln` writes and people work in: what was changed there since is never lost.

Beside a folder lies a digest of what was written into it, `.<folder>-written`. A folder that no longer fits
it, or has none, is set aside before another takes its place.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from hashlib import sha256
from itertools import count
from pathlib import Path

from aln.files import write_atomic

IGNORED = ".cache"
"""Ultralytics writes such files beside labels; they hold nothing of a person's."""


def remember(folder: Path, digest: str) -> None:
    """Note that `folder` was written with this content (`content_digest`)."""
    write_atomic(_note(folder), digest.encode())


def forget(folder: Path) -> None:
    """Remove the note on a folder that is no longer there."""
    _note(folder).unlink(missing_ok=True)


def edited(folder: Path) -> bool:
    """Whether something in `folder` was changed, added or removed since, or nothing is noted on it."""
    try:
        return _note(folder).read_text(encoding="utf-8") != content_digest(folder)
    except OSError:
        return True


def set_aside(folder: Path) -> Path:
    """Rename `folder` to `<folder>-edited-<number>`; returns its new place."""
    places = (folder.with_name(f"{folder.name}-edited-{number}") for number in count(1))
    return folder.rename(next(place for place in places if not place.exists()))


def content_digest(folder: Path) -> str:
    """Hex digest over the names and contents of all files; of links over where they lead."""
    digest = sha256()
    for path in _entries(folder):
        for part in (os.fsencode(path.relative_to(folder)), *_content(path)):
            digest.update(len(part).to_bytes(8, "little") + part)
    return digest.hexdigest()


def _content(path: Path) -> tuple[bytes, bytes]:
    if path.is_symlink():
        return b"link", os.fsencode(path.readlink())
    about = path.stat()
    if about.st_nlink > 1:  # a photograph that lies elsewhere too: gigabytes in all, and nobody's work here
        return b"hard link", str(about.st_size).encode()
    return b"file", path.read_bytes()


def _entries(folder: Path) -> Iterator[Path]:
    """Files and links below `folder`, in the order of their names."""
    for path in sorted(folder.iterdir()):
        if path.is_dir() and not path.is_symlink():
            yield from _entries(path)
        elif path.suffix != IGNORED:
            yield path


def _note(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}-written")
