"""JSON and XML written piece by piece, with names of any letters in them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import IO, Any
from xml.sax.saxutils import escape, quoteattr

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def open_text(path: Path) -> IO[str]:
    """Open a new file for text in UTF-8.

    Names of files that are no valid UTF-8 come as lone surrogates; they are written as their JSON escape.
    """
    return path.open("x", encoding="utf-8", errors="backslashreplace", newline="\n")


class JsonItems:
    """Items of a JSON list, one a line, written as they come; the brackets are the caller's."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self.count = 0

    def add(self, item: Any) -> None:
        """Write one item."""
        self._file.write(",\n" if self.count else "\n")
        self._file.write(to_json(item))
        self.count += 1


def to_json(item: Any) -> str:
    """`item` as JSON on one line."""
    return json.dumps(item, ensure_ascii=False, allow_nan=False)


def xml_text(text: str) -> str:
    """`text` to stand between tags; what XML has no place for becomes U+FFFD."""
    return escape(_NOT_XML.sub("\ufffd", text))


def xml_attribute(value: object) -> str:
    """`value` as an attribute's value, quotes included."""
    return quoteattr(_NOT_XML.sub("\ufffd", str(value)))


def number(value: float) -> float | int:
    """A coordinate as short as it can be: whole ones without their ".0", others with two decimals."""
    rounded = round(float(value), 2)
    return int(rounded) if rounded.is_integer() else rounded
