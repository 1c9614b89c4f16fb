"""Photographs that tests of data sets share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.data.files import photo, write_files


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Two classes with three photographs of 12x8 pixels."""
    files = {"cat/1.jpg": photo(), "cat/sub dir/Übung 2.PNG": photo("PNG"), "dog/1.jpg": photo(seed=1)}
    return write_files(tmp_path / "photos", files)
