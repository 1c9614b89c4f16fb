"""The formats' own readers: `make readers` runs these tests where all are installed."""

from __future__ import annotations

import importlib
import os
from typing import Any

import pytest

foreign = pytest.mark.filterwarnings("ignore")
"""Warnings of other people's packages are not ours."""


def reader(module: str) -> Any:
    """The module of a reader; where it is missing, the test is skipped, and fails under `make readers`."""
    if os.environ.get("ALN_READERS") == "all":
        return importlib.import_module(module)
    return pytest.importorskip(module, reason=f"{module} is missing; try make readers", exc_type=ImportError)
