"""Classes that folders are named after."""

from __future__ import annotations

from pathlib import Path

import pytest

from aln.data.folder_labels import folder_labels
from aln.errors import DataError


@pytest.mark.parametrize(("given", "label"), [("here", None), ("dog", 1), ("dog/cat", 0), ("cat/more", None)])
def test_folders_that_tell_a_class(given: str, label: int | None, tmp_path: Path) -> None:
    folder = tmp_path / "cat" / given  # what lies above the folder given tells nothing
    photographs = {"sub/00.png": folder / "sub" / "00.png"}
    if label is None:
        with pytest.raises(DataError, match=r"00\.png: lies in no folder with the name.*class-from"):
            folder_labels(photographs, folder, ["cat", "dog"])
    else:
        assert folder_labels(photographs, folder, ["cat", "dog"]) == {"sub/00.png": label}
