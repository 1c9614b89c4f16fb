"""Names and sizes of the pictures in a folder of results, up to what file systems and JPEG hold."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from aln.errors import DataError
from aln.result_pictures import LONGEST_JPEG, require_name, write_image


@pytest.mark.parametrize(
    ("suffix", "shape", "expected"),
    [
        (".jpg", (3, 100), (3, 100)),
        (".jpg", (2, LONGEST_JPEG), (2, LONGEST_JPEG)),
        (".jpg", (2, LONGEST_JPEG + 4500), (1, LONGEST_JPEG)),
        (".jpg", (LONGEST_JPEG + 1, 1), (LONGEST_JPEG, 1)),
        (".png", (2, LONGEST_JPEG + 4500), (2, LONGEST_JPEG + 4500)),
    ],
)
def test_pictures_of_any_length_are_written(
    tmp_path: Path, suffix: str, shape: tuple[int, int], expected: tuple[int, int]
) -> None:
    path = tmp_path / "deep" / f"a{suffix}"
    write_image(path, np.full(shape, 200, np.uint8))
    pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert pixels is not None
    assert pixels.shape == expected
    assert (pixels == 200).all()


@pytest.mark.parametrize(
    ("image_id", "message"),
    [
        (f"{'é' * 123}.jpg", None),
        (f"{'deep/' * 60}a.jpg", None),
        (f"{'é' * 124}.jpg", r"\.jpg: the name is too long for \.png behind it; rename the photograph"),
        ("../a.jpg", "no name inside a folder"),
    ],
    ids=["254 bytes with .png", "many folders", "256 bytes with .png", "outside"],
)
def test_names_that_have_no_pictures_are_told(image_id: str, message: str | None) -> None:
    if message is None:
        require_name(image_id)
    else:
        with pytest.raises(DataError, match=message):
            require_name(image_id)
