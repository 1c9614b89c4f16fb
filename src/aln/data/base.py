"""What a data set is: photographs with image-level labels, and, kept apart, the ground truth for evaluation.

Training takes `LabelledImages` and nothing else. `GroundTruth` is opened by a separate call that only
evaluation makes, so boxes and masks can't reach training (`tests/test_architecture.py` holds the imports).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from aln.registry import Registry

Split = Literal["train-weaksup", "train-fullsup", "test"]
"""Labels only, for training · boxes too, for choosing thresholds and recipes · the held-out images."""

Options = Mapping[str, str | int | float | bool]
Image = NDArray[np.uint8]


class LabelledImages(ABC):
    """Photographs, each with one class. Index 0..len-1; the order is stable and the same on every machine."""

    name: str
    class_names: tuple[str, ...]

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def image_id(self, index: int) -> str:
        """Unique, stable name of the image (a relative path with forward slashes)."""

    @abstractmethod
    def label(self, index: int) -> int:
        """Class index 0..C-1."""

    @abstractmethod
    def read(self, index: int) -> Image:
        """The image as RGB uint8 (H, W, 3), EXIF orientation applied.

        Raises:
            DataError: If the file can't be read or decoded; names the file.
        """

    def digest(self, index: int) -> bytes:
        """Bytes that are the same for images of the same content, whatever they are called.

        By default over the pixels; they compare with those of the same format only.
        """
        pixels = self.read(index)
        return sha256(f"{pixels.shape}".encode() + pixels.tobytes()).digest()

    @abstractmethod
    def fingerprint(self) -> str:
        """Hex digest over the images' content, names, labels and the settings that made them.

        The same for a copy, and after the folder that holds them all was moved or renamed.
        """


def shared_ids(images: LabelledImages, others: LabelledImages) -> list[str]:
    """Ids of those of `images` that are among `others` too, by content: names tell nothing.

    Both come from one data set, or from folders of one format.
    """
    there = {others.digest(index) for index in range(len(others))}
    return [images.image_id(index) for index in range(len(images)) if images.digest(index) in there]


@dataclass(frozen=True, eq=False)
class Truth:
    """Ground truth of one image, in original pixels.

    Attributes:
        boxes: float32 (N, 4), half-open; N >= 1.
        mask: bool (H, W), or None where only boxes are known.
        ignore: bool (H, W), pixels that no mask metric counts (an unlabelled border), or None.
    """

    boxes: NDArray[np.float32]
    mask: NDArray[np.bool_] | None = None
    ignore: NDArray[np.bool_] | None = None


class GroundTruth(ABC):
    """Boxes and masks by image id, for evaluation only."""

    @abstractmethod
    def __contains__(self, image_id: object) -> bool:
        """False where the image has no usable annotation (degenerate boxes are dropped from scoring)."""

    @abstractmethod
    def __getitem__(self, image_id: str) -> Truth: ...

    @abstractmethod
    def __len__(self) -> int: ...


@dataclass(frozen=True)
class DataFormat:
    """One data set layout: how to recognise it and how to open its images and its ground truth.

    Attributes:
        summary: One line for `aln train --help` and the docs.
        detect: Whether the path holds this layout (never reads images).
        open_images: (path, split, options) -> the labelled images.
        open_truth: (path, split, options) -> ground truth, or None where the data set has none.
        revision: (path, options) -> a digest over photographs and annotations that are measured on, where
            people correct them in place; None for data sets that are as they were published.
        options: What `data.options` may say, as a pydantic model with a docstring; None: nothing.
    """

    summary: str
    detect: Callable[[Path], bool]
    open_images: Callable[[Path, Split, Options], LabelledImages]
    open_truth: Callable[[Path, Split, Options], GroundTruth | None]
    revision: Callable[[Path, Options], str] | None = None
    options: type[BaseModel] | None = None


FORMATS: Registry[DataFormat] = Registry("data format")
