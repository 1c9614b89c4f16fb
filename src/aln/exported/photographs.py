"""Real photographs to check and calibrate on: those that the user names, or the run's own data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from aln.config import DataConfig
from aln.data import open_images
from aln.data.base import Image, Split
from aln.data.images import read_image
from aln.data.walk import list_images
from aln.errors import DataError
from aln.evaluation.trivial import spaced

Photograph = tuple[str, Image]
"""Name and RGB uint8 (H, W, 3)."""


def some_photographs(
    paths: Sequence[Path], data: DataConfig, split: Split, most: int, option: str
) -> list[Photograph]:
    """At most `most` photographs, evenly spaced; those that can't be read are left out.

    Args:
        paths: Photographs and folders; where there are none, `data` is used.
        data: The run's own data.
        split: The part of it.
        most: How many.
        option: What lets the user name photographs, for the message.

    Raises:
        DataError: If there are none that can be read.
    """
    try:
        readers = _files(paths) if paths else _images(data, split)
    except DataError as error:
        if paths:
            raise
        raise DataError(f"{error}; {option} names other photographs") from error
    found, failures = [], []
    for index in spaced(len(readers), most):
        try:
            found.append(readers[index]())
        except DataError as error:
            failures.append(error)
    if not found:
        raise failures[0]
    return found


def _files(paths: Sequence[Path]) -> list[Callable[[], Photograph]]:
    return [lambda file=file: (str(file), read_image(file)) for file in list_images(paths)]  # type: ignore[misc]


def _images(data: DataConfig, split: Split) -> list[Callable[[], Photograph]]:
    images = open_images(data, split)
    return [lambda i=i: (images.image_id(i), images.read(i)) for i in range(len(images))]  # type: ignore[misc]
