"""Photographs as callers give them, decoded one by one and gathered into batches of bounded memory."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from dataclasses import dataclass
from difflib import get_close_matches
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from aln.data.images import read_image
from aln.errors import ConfigError, DataError

Image = NDArray[np.uint8]
Pixels = Image | PillowImage.Image
Source = Path | str | Pixels | tuple[str, Pixels]
"""A photograph: its file, its pixels, or a name and its pixels.

Pixels are RGB uint8 (H, W, 3), or an image of Pillow's, taken as it stands: no EXIF orientation is applied.
"""

BATCH_PIXELS = 32_000_000
"""A batch ends early when its photographs hold this many pixels, so that memory stays bounded."""


@dataclass(frozen=True, eq=False)
class Photograph:
    """A decoded photograph: RGB uint8 (H, W, 3), with the class to localize where the caller gave one."""

    image_id: str
    image: Image
    label: int | None


def require_list(sources: object) -> None:
    """Refuse one photograph where a list of them is wanted.

    Raises:
        ConfigError: If `sources` is one, or nothing to go through; shows how to write it.
    """
    if isinstance(sources, (str, PathLike)):
        raise ConfigError(f"localize wants a list of photographs: localize([{str(sources)!r}])")
    one = isinstance(sources, np.ndarray) and sources.ndim in (2, 3)
    if one or not isinstance(sources, Iterable):
        raise ConfigError(
            f"localize wants a list of photographs, not one {type(sources).__name__}: localize([...])"
        )


def class_indices(
    labels: Iterable[int | str], class_names: Sequence[str], sources: Iterable[Source]
) -> Iterable[int]:
    """Indices of the classes to localize in `sources`; labels that come one by one are checked as they come.

    Raises:
        ConfigError: For one label in place of a list, a class that is none of `class_names`, or another
            number of labels than of photographs where both are known.
    """
    if isinstance(labels, str) or not isinstance(labels, Iterable):
        raise ConfigError(f"labels wants a list, one for each photograph: labels=[{labels!r}]")
    if not isinstance(labels, Sized):
        return (class_index(label, class_names) for label in labels)
    if isinstance(sources, Sized) and len(sources) != len(labels):
        raise ConfigError(f"there are {len(labels)} labels for {len(sources)} photographs; give one for each")
    return [class_index(label, class_names) for label in labels]


def class_index(label: int | str, class_names: Sequence[str]) -> int:
    """Index of a class, given by its name or its index.

    Raises:
        ConfigError: If there is no such class; tells the nearest name.
    """
    if isinstance(label, str):
        if label in class_names:
            return class_names.index(label)
        near = get_close_matches(label, class_names, n=1) or class_names[:1]
        raise ConfigError(f"there is no class {label!r}; the model has {len(class_names)}, like {near[0]!r}")
    try:
        index = operator.index(label)
    except TypeError as error:
        raise ConfigError(f"a label is the name or the index of a class, not {label!r}") from error
    if not 0 <= index < len(class_names):
        raise ConfigError(f"there is no class {index}: the model has {len(class_names)}, from 0")
    return index


def opened(
    sources: Iterable[Source], labels: Iterable[int] | None, on_error: Callable[[str, Exception], None] | None
) -> Iterator[Photograph]:
    """Decode one photograph after the other; each takes its label along, also where it is skipped.

    Raises:
        ConfigError: If there are fewer labels than photographs; or more, where their number is known.
        DataError: For a photograph that can't be read, unless `on_error` is given: it is told, and goes on.
    """
    chosen = iter(labels) if labels is not None else None
    count = 0
    for index, source in enumerate(sources):
        label = None if chosen is None else next(chosen, None)
        if chosen is not None and label is None:
            raise ConfigError(f"there are fewer labels than photographs: none for photograph {index}")
        count += 1
        image_id = _name(source, index)
        try:
            image = _pixels(source)
        except DataError as error:
            if on_error is None:
                raise
            on_error(image_id, error)
        else:
            yield Photograph(image_id, image, label)
    if isinstance(labels, Sized) and len(labels) > count:
        raise ConfigError(f"there are {len(labels)} labels for {count} photographs; give one for each")


def _name(source: object, index: int) -> str:
    if isinstance(source, tuple) and len(source) == 2 and isinstance(source[0], str):
        return source[0]
    return Path(source).as_posix() if isinstance(source, (str, PathLike)) else f"image-{index}"


def _pixels(source: Source) -> Image:
    image = source[1] if isinstance(source, tuple) and len(source) == 2 else source
    if isinstance(image, (str, PathLike)):
        return read_image(Path(image))
    if isinstance(image, PillowImage.Image):
        image = _of_pillow(image)
    if not isinstance(image, np.ndarray):
        raise DataError(
            "a photograph is a file's path, RGB uint8 (H, W, 3), an image of Pillow's, or a name and one of "
            f"these, not {type(image).__name__}"
        )
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        raise DataError(
            f"an image must be RGB uint8 (H, W, 3) and not empty, not {image.dtype} {image.shape}"
        )
    return image


def _of_pillow(image: PillowImage.Image) -> Image:
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):  # Pillow clips these instead of scaling
        raise DataError(f"an image of Pillow's has {image.mode!r} pixels; give it 8 bits a channel")
    try:
        return np.asarray(image.convert("RGB"))
    except (OSError, SyntaxError, ValueError) as error:  # a file is decoded only now
        raise DataError(f"an image of Pillow's can't be read ({error}); replace or remove it") from error


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
