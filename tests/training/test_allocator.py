"""Freed memory that stays with the process while networks train."""

from __future__ import annotations

import ctypes
import resource
import sys
from pathlib import Path

import numpy as np
import pytest

from aln.training.allocator import freed_memory_kept

MIB = 2**20
IS_GLIBC = sys.platform == "linux" and hasattr(ctypes.CDLL(None), "gnu_get_libc_version")


def _faults(blocks: int) -> int:
    """Pages that the system had to fill for large arrays, made and dropped one after the other."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(blocks):
        np.empty(40 * MIB, np.uint8).fill(1)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


@pytest.mark.skipif(not IS_GLIBC, reason="only glibc is told to keep freed memory")
def test_a_large_block_is_used_again_and_given_back_at_the_end() -> None:
    pages = 40 * MIB // resource.getpagesize()
    with freed_memory_kept():
        _faults(1)
        assert _faults(10) < pages
    resident = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    with freed_memory_kept():
        _faults(1)
    assert int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) < resident + pages // 2


@pytest.mark.parametrize("error", [OSError, TypeError, AttributeError])
def test_elsewhere_nothing_happens(monkeypatch: pytest.MonkeyPatch, error: type[Exception]) -> None:
    def missing(_: object) -> None:
        raise error

    monkeypatch.setattr(ctypes, "CDLL", missing)
    with freed_memory_kept():
        pass
