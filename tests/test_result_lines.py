"""Lines of results: added, read, left out, and cut where a crash left half of one."""

from __future__ import annotations

from pathlib import Path

import pytest

from aln.errors import DataError
from aln.result_lines import append_row, cut_half_line, read_digests, without

A, B = b'{"image": "a.jpg", "digest": "12"}\n', b'{"image": "b\\udcff.jpg"}\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lines.jsonl"


def test_lines_are_added(path: Path) -> None:
    append_row(path, {"image": "a.jpg", "digest": "12"})
    append_row(path, {"image": "b\udcff.jpg"})
    assert path.read_bytes() == A + B


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, {}),
        (A + B, {"a.jpg": "12", "b\udcff.jpg": None}),
        (A + B[:-1], {"a.jpg": "12"}),
        (A[:9], {}),
    ],
    ids=["no file", "with and without", "no end", "half a line"],
)
def test_digests_are_those_of_whole_lines(
    path: Path, content: bytes | None, expected: dict[str, str | None]
) -> None:
    if content is not None:
        path.write_bytes(content)
    assert read_digests(path) == expected
    cut_half_line(path)
    assert read_digests(path) == expected
    assert not path.exists() or path.read_bytes() == (A + B)[: len(path.read_bytes())]
    assert not path.exists() or path.read_bytes()[-1:] in (b"", b"\n")


@pytest.mark.parametrize(
    ("image_ids", "expected"), [([], A + B), (["a.jpg"], B), (["b\udcff.jpg", "x"], A), (["a.jp"], A + B)]
)
def test_lines_are_left_out_by_id(path: Path, image_ids: list[str], expected: bytes) -> None:
    path.write_bytes(A + B + A[:9])
    assert without(path, image_ids) == expected


@pytest.mark.parametrize("line", [b"nonsense\n", b"[]\n", b"{}\n", b"3\n"])
def test_a_damaged_line_is_named(path: Path, line: bytes) -> None:
    path.write_bytes(A + line + B)
    for read in (read_digests, lambda path: without(path, [])):
        with pytest.raises(DataError, match=r"lines\.jsonl: line 2 is damaged; remove that line"):
            read(path)
