"""The files of JSON lines in a folder of results: adding and removing lines, and half ones after a crash."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from aln.errors import DataError


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
    return {str(row["image"]): row.get("digest") for _, row in _rows(path)}


def without(path: Path, image_ids: Collection[str]) -> bytes:
    """The whole lines but for those of `image_ids`; raises as `read_digests` does."""
    return b"".join(line for line, row in _rows(path) if str(row["image"]) not in image_ids)


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


def _rows(path: Path) -> Iterator[tuple[bytes, dict[str, Any]]]:
    """Each whole line, and what it holds."""
    if not path.exists():
        return
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n"):
                return
            try:
                row = json.loads(line)
                row["image"]
            except (ValueError, KeyError, TypeError) as error:
                raise DataError(f"{path}: line {number} is damaged; remove that line") from error
            yield line, row
