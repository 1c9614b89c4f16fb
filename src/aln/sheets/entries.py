"""What a picture is made with: a model and a method, run over photographs of a data set."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from aln.data.base import Image, LabelledImages
from aln.errors import DataError
from aln.localization import Localization
from aln.localizer import Localizer


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
