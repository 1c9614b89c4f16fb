"""The pictures in a folder of results: where each lies, names that leave room for it, and sizes that fit."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

import cv2
import numpy as np
from numpy.typing import NDArray

from aln.errors import DataError

LONGEST_NAME = 255
"""Bytes; more no usual file system takes."""

LONGEST_JPEG = 65_500
"""Pixels along a side; more the encoder refuses."""


def picture_places(folder: Path, image_id: str) -> tuple[Path, Path]:
    """Where the mask and the overlay of an image lie, never outside `folder`.

    Raises:
        DataError: If the image's name leads outside.
    """
    parts = PurePosixPath(image_id).parts
    if not parts or ".." in parts or PurePosixPath(image_id).is_absolute():
        raise DataError(f"{image_id!r} is no name inside a folder; rename the photograph")
    return (
        folder.joinpath("masks", *parts[:-1], parts[-1] + ".png"),
        folder.joinpath("overlays", *parts[:-1], parts[-1] + ".jpg"),
    )


def remove_pictures(folder: Path, image_ids: Iterable[str]) -> None:
    """Remove the masks and overlays of some images; raises as `picture_places` does, and OSError."""
    for image_id in image_ids:
        for picture in picture_places(folder, image_id):
            picture.unlink(missing_ok=True)


def require_name(image_id: str) -> None:
    """Make sure that the pictures of an image can have its name.

    Raises:
        DataError: If it is too long, or leads outside their folder.
    """
    for picture in picture_places(Path(), image_id):
        if len(os.fsencode(picture.name)) > LONGEST_NAME:
            raise DataError(
                f"{image_id}: the name is too long for {picture.suffix} behind it; rename the photograph"
            )


def write_image(path: Path, pixels: NDArray[np.uint8]) -> None:
    """Write grey (H, W) or BGR (H, W, 3) in the format of the suffix; what a JPEG can't hold is shrunk.

    Raises:
        OSError: If it can't be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    shown = _within_jpeg(pixels) if path.suffix == ".jpg" else pixels
    path.write_bytes(cv2.imencode(path.suffix, shown)[1].tobytes())


def _within_jpeg(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = pixels.shape[:2]
    factor = LONGEST_JPEG / max(height, width)
    if factor >= 1:
        return pixels
    size = max(1, int(width * factor)), max(1, int(height * factor))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
