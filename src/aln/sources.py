"""Photographs as callers give them, decoded one by one and gathered into batches of bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aln.data.images import read_image
from aln.errors import ConfigError, DataError

Image = NDArray[np.uint8]
Source = Path | str | Image | tuple[str, Image]
"""A photograph: its file, its pixels as RGB uint8 (H, W, 3), or a name and its pixels."""

BATCH_PIXELS = 32_000_000
"""A batch ends early when its photographs hold this many pixels, so that memory stays bounded."""


@dataclass(frozen=True, eq=False)
class Photograph:
    """A decoded photograph: RGB uint8 (H, W, 3), with the class to localize where the caller gave one."""

    image_id: str
    image: Image
    label: int | None


def opened(
    sources: Iterable[Source], labels: Iterable[int] | None, on_error: Callable[[str, Exception], None] | None
) -> Iterator[Photograph]:
    """Decode one photograph after the other; each takes its label along, also where it is skipped.

    Raises:
        ConfigError: If there are fewer labels than photographs.
        DataError: For a photograph that can't be read, unless `on_error` is given: it is told, and goes on.
    """
    chosen = iter(labels) if labels is not None else None
    for index, source in enumerate(sources):
        label = None if chosen is None else next(chosen, None)
        if chosen is not None and label is None:
            raise ConfigError(f"there are fewer labels than photographs: none for photograph {index}")
        image_id = _name(source, index)
        try:
            image = _pixels(source)
        except DataError as error:
            if on_error is None:
                raise
            on_error(image_id, error)
        else:
            yield Photograph(image_id, image, label)


def _name(source: Source, index: int) -> str:
    if isinstance(source, tuple):
        return source[0]
    return f"image-{index}" if isinstance(source, np.ndarray) else Path(source).as_posix()


def _pixels(source: Source) -> Image:
    image = source[1] if isinstance(source, tuple) else source
    if not isinstance(image, np.ndarray):
        return read_image(Path(image))
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        raise DataError(
            f"an image must be RGB uint8 (H, W, 3) and not empty, not {image.dtype} {image.shape}"
        )
    return image


def batches(photographs: Iterable[Photograph], size: int) -> Iterator[list[Photograph]]:
    """Groups of `size` photographs, fewer where they are large (`BATCH_PIXELS`)."""
    batch: list[Photograph] = []
    pixels = 0
    for photograph in photographs:
        batch.append(photograph)
        pixels += photograph.image.shape[0] * photograph.image.shape[1]
        if len(batch) == size or pixels >= BATCH_PIXELS:
            yield batch
            batch, pixels = [], 0
    if batch:
        yield batch
