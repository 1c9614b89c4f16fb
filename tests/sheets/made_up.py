"""A small data set in memory, some of whose photographs can't be read."""

from __future__ import annotations

import numpy as np

from aln.data.base import Image, LabelledImages
from aln.data.truth import BoxTruth
from aln.errors import DataError
from tests.small_model import CLASS_NAMES, photograph


class Images(LabelledImages):
    """Photographs of the small model's classes in turn."""

    def __init__(
        self, count: int = 6, *, damaged: tuple[int, ...] = (), class_names: tuple[str, ...] = CLASS_NAMES
    ) -> None:
        self.name = "made-up"
        self.class_names = class_names
        self.count = count
        self.damaged = damaged
        self.was_read: list[int] = []

    def __len__(self) -> int:
        return self.count

    def image_id(self, index: int) -> str:
        return f"{index}.png"

    def label(self, index: int) -> int:
        return index % len(self.class_names)

    def read(self, index: int) -> Image:
        if index in self.damaged:
            raise DataError(f"{index}.png: is damaged")
        self.was_read.append(index)
        return photograph(20 + index, 30, index)

    def fingerprint(self) -> str:
        return ""


def truth(images: Images, *box: float) -> BoxTruth:
    """The same box in every photograph."""
    return BoxTruth({images.image_id(i): np.array([box], np.float32) for i in range(len(images))})
