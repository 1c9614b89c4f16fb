"""A data set in memory, and results made by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from aln.boxes import binarise, boxes_from_mask, normalise, parse_rule
from aln.data.base import GroundTruth, Image, LabelledImages, Truth
from aln.errors import DataError
from aln.localization import Localization


class FakeImages(LabelledImages):
    """Images "0", "1", ... in memory; None stands for a file that can't be read."""

    def __init__(
        self, images: Sequence[Image | None], labels: Sequence[int], class_names: Sequence[str]
    ) -> None:
        self.name = "fake"
        self.class_names = tuple(class_names)
        self._images = images
        self._labels = labels

    def __len__(self) -> int:
        return len(self._images)

    def image_id(self, index: int) -> str:
        return str(index)

    def label(self, index: int) -> int:
        return self._labels[index]

    def read(self, index: int) -> Image:
        image = self._images[index]
        if image is None:
            raise DataError(f"{index}: is broken")
        return image

    def fingerprint(self) -> str:
        return "fake"


class FakeTruth(GroundTruth):
    """Truths by image id."""

    def __init__(self, truths: dict[str, Truth]) -> None:
        self._truths = truths

    def __contains__(self, image_id: object) -> bool:
        return image_id in self._truths

    def __getitem__(self, image_id: str) -> Truth:
        return self._truths[image_id]

    def __len__(self) -> int:
        return len(self._truths)


def box(*corners: float) -> Truth:
    """A truth of one box, without a mask."""
    return Truth(np.array([corners], np.float32))


def found(
    score_map: NDArray[np.float32], rule: str = "fixed:0.5", probabilities: Sequence[float] = (0.9, 0.1)
) -> Localization:
    """The result of thresholding a map, for class 0 of 2."""
    parsed = parse_rule(rule)
    mask = binarise(score_map, parsed)
    boxes, scores = boxes_from_mask(mask, score_map)
    return Localization(
        image_id="0",
        score_map=score_map,
        mask=mask,
        boxes=boxes,
        box_scores=scores,
        label=0,
        class_names=("a", "b"),
        probabilities=np.array(probabilities, np.float32),
        method="fake",
        rule=parsed.text,
    )


def box_map(shape: tuple[int, int], x0: int, y0: int, x1: int, y1: int) -> NDArray[np.float32]:
    """A score map that is 1 inside a box and 0 elsewhere."""
    score_map = np.zeros(shape, np.float32)
    score_map[y0:y1, x0:x1] = 1
    return score_map


def random_map(seed: int, shape: tuple[int, int] = (12, 15), levels: int = 0) -> NDArray[np.float32]:
    """A random score map; with `levels`, one of few different values, as superpixels make them."""
    values = np.random.default_rng(seed).random(shape)
    return normalise(np.floor(values * levels) if levels else values)


def random_truth(seed: int, shape: tuple[int, int] = (12, 15)) -> Truth:
    """Two boxes, a mask and some ignored pixels."""
    random = np.random.default_rng(seed)
    low = random.integers(0, min(shape) // 2, (2, 2))
    high = low + random.integers(2, min(shape) // 2, (2, 2))
    mask = random.random(shape) < 0.4
    return Truth(np.concatenate([low, high], axis=1).astype(np.float32), mask, random.random(shape) < 0.2)
