"""What a data set tells a person: each line once, and no endless lists."""

from __future__ import annotations

import pytest

from aln.data.notices import SHOWN, listed, tell


def test_a_line_comes_once(capsys: pytest.CaptureFixture[str]) -> None:
    for text in ("first of test_notices", "second of test_notices", "first of test_notices"):
        tell(text)
    assert capsys.readouterr() == ("", "first of test_notices\nsecond of test_notices\n")


@pytest.mark.parametrize(
    ("count", "end"), [(0, ""), (2, "0, 1"), (SHOWN, f", {SHOWN - 1}"), (SHOWN + 3, " and 3 more")]
)
def test_long_lists_are_cut_short(count: int, end: str) -> None:
    text = listed([str(number) for number in range(count)])
    assert text.endswith(end)
    assert len([part for part in text.split(", ") if part]) == min(count, SHOWN)
