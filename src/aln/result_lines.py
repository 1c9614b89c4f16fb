"""The files of JSON lines in a folder of results: adding and removing lines, and half ones after a crash."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from aln.errors import DataError

T = TypeVar("T")


def append_row(path: Path, row: Mapping[str, Any]) -> None:
    """Add a line.

    Raises:
        OSError: If it can't be written.
    """
    # File names that are no valid UTF-8 come as lone surrogates; backslashreplace writes their JSON escape.
    line = json.dumps(row, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"
    with path.open("ab") as file:
        file.write(line)


def read_digests(path: Path) -> dict[str, str | None]:
    """The digest of each photograph by image id; None in lines of before there were any.

    Raises:
        DataError: For a damaged line; names it. Half a line at the end is none.
    """
    return dict(named for _, named in parsed(path, _named))


def without(path: Path, image_ids: Collection[str]) -> bytes:
    """The whole lines but for those of `image_ids`; raises as `read_digests` does."""
    return b"".join(line for line, (name, _) in parsed(path, _named) if name not in image_ids)


def cut_half_line(path: Path) -> None:
    """Take off the file what a crash left of its last line.

    Raises:
        OSError: If it can't be written.
    """
    if not path.exists():
        return
    with path.open("r+b") as file:
        whole = sum(len(line) for line in file if line.endswith(b"\n"))
        if whole < file.tell():
            file.truncate(whole)


def parsed(path: Path, parse: Callable[[dict[str, Any]], T]) -> Iterator[tuple[bytes, T]]:
    """Each whole line, and what `parse` makes of it; half a line at the end is left out.

    Raises:
        DataError: For a damaged line, of which `parse` makes a ValueError, KeyError or TypeError; names it.
    """
    if not path.exists():
        return
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n"):
                return
            try:
                found = parse(json.loads(line))
            except (ValueError, KeyError, TypeError) as error:
                raise DataError(f"{path}: line {number} is damaged; remove that line") from error
            yield line, found


def _named(row: dict[str, Any]) -> tuple[str, str | None]:
    """Image id and digest."""
    return str(row["image"]), row.get("digest")
