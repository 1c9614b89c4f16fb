"""The tiny run, exported once for all tests: leave the files as they are."""

from __future__ import annotations

from pathlib import Path

import pytest
from filelock import FileLock


@pytest.fixture(scope="session")
def exported(tiny_run: Path) -> Path:
    """The tiny run as ONNX, in float32."""
    from aln.exported.run import export_run

    path = tiny_run.parent / "exported" / "tiny.onnx"
    with FileLock(tiny_run.parent / "exported.lock"):
        if not path.exists():
            export_run(tiny_run, path)
    return path
