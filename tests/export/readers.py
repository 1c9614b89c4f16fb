"""The formats' own readers, where they are installed; `readers.txt` says how."""

from __future__ import annotations

from typing import Any

import pytest

foreign = pytest.mark.filterwarnings("ignore")
"""Warnings of other people's packages are not ours."""


def reader(module: str) -> Any:
    """The module of a reader; skips the test where it isn't installed."""
    return pytest.importorskip(
        module, reason=f"{module} is missing; see tests/export/readers.txt", exc_type=ImportError
    )
