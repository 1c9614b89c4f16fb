"""What a picture is made with: a model and a method, run over photographs of a data set."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from aln.boxes import FloatArray
from aln.data.base import Image, LabelledImages
from aln.errors import DataError
from aln.localization import Localization
from aln.localizer import Localizer
from aln.visualize.cells import fitting
from aln.visualize.drawing import resized, resized_mask

ENOUGH = 512
"""Longer side, in pixels, that is kept of what is drawn in small cells."""


class Entry(NamedTuple):
    """A model, the name of a method, its options, and its threshold rule; by default the model's own rule."""

    localizer: Localizer
    method: str
    rule: str | None = None
    options: Mapping[str, float] = MappingProxyType({})


def localized(
    entry: Entry, images: LabelledImages, indices: Sequence[int]
) -> Iterator[tuple[int, Image, Localization]]:
    """Localize photographs one after the other in bounded memory: index, pixels and what was found.

    Each is localized for its true class, or, if the model lacks the class of any of them, for the one that
    the classifier ranks first.

    Raises:
        DataError: If not a single one can be read; the others are left out.
        ConfigError, ModelError: See `Localizer.localize`.
    """
    names = entry.localizer.class_names
    known = all(images.class_names[images.label(index)] in names for index in indices)
    waiting: deque[tuple[int, Image]] = deque()
    errors: list[DataError] = []

    def sources() -> Iterator[tuple[str, Image]]:
        for index in indices:
            try:
                waiting.append((index, images.read(index)))
            except DataError as error:
                errors.append(error)
            else:
                yield images.image_id(index), waiting[-1][1]

    def labels() -> Iterator[int]:
        while True:  # asked for right after each source
            yield names.index(images.class_names[images.label(waiting[-1][0])])

    results = entry.localizer.localize(
        sources(),
        labels=labels() if known else None,
        method=entry.method,
        rule=entry.rule,
        boxes="largest",
        on_error=None,
        **entry.options,
    )
    index = None
    for found in results:
        index, pixels = waiting.popleft()
        yield index, pixels, found
    if index is None and errors:
        raise errors[-1]


def for_cells(
    image: Image, found: Localization, truth_boxes: FloatArray
) -> tuple[Image, Localization, FloatArray]:
    """A photograph, what was found in it and its true boxes (N, 4), scaled down to at most `ENOUGH` pixels.

    Many can then wait to be drawn, whatever size photographs have.
    """
    if max(found.height, found.width) <= ENOUGH:
        return image, found, truth_boxes
    width, height = fitting(found.height, found.width, ENOUGH)
    scale = np.array([width / found.width, height / found.height] * 2, np.float32)
    limits = np.array([width, height] * 2, np.float32)
    small = replace(
        found,
        score_map=resized(found.score_map, width, height).clip(0, 1),
        mask=resized_mask(found.mask, width, height),
        boxes=np.minimum(found.boxes * scale, limits),
    )
    return resized(image, width, height), small, truth_boxes * scale
