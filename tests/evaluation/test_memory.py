from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aln.evaluation import memory
from aln.evaluation.memory import peak_growth

MIB = 2**20


@pytest.mark.skipif(not memory.CLEAR.exists(), reason="only Linux tells a process' largest size")
def test_what_is_held_for_a_while_is_seen() -> None:
    def work() -> int:
        return int(np.ones(64 * MIB, np.uint8).sum()) // MIB

    result, grown = peak_growth(work)
    assert result == 64
    assert grown is not None
    assert 60 < grown < 90
    _, nothing = peak_growth(lambda: None)
    assert nothing is not None
    assert nothing < 30


def test_where_nothing_tells_there_is_no_figure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(memory, "CLEAR", tmp_path / "none" / "clear_refs")
    assert peak_growth(lambda: 3) == (3, None)


def test_errors_come_through_once() -> None:
    calls = []

    def work() -> None:
        calls.append(1)
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        peak_growth(work)
    assert len(calls) == 1
