"""Images that are made when they are asked for, each from (seed, split, index) alone."""

from __future__ import annotations

from functools import cached_property
from hashlib import sha256
from typing import NamedTuple, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from aln.data.base import GroundTruth, Image, LabelledImages, Split, Truth
from aln.data.truth import boxes_around


class Scene(NamedTuple):
    """A made image, RGB uint8 (S, S, 3), and the mask of its object, bool (S, S)."""

    image: Image
    mask: NDArray[np.bool_]


class SceneMaker(Protocol):
    """Makes the scenes of one split."""

    name: str
    class_names: tuple[str, ...]
    split: Split
    count: int

    def scene(self, index: int) -> Scene:
        """The scene of this index, always the same one; its class is `index % len(class_names)`."""

    def fingerprint(self) -> str:
        """Hex digest over everything that the scenes depend on."""


class GeneratedImages(LabelledImages):
    """The images of a `SceneMaker`, classes in turn."""

    def __init__(self, maker: SceneMaker) -> None:
        self.name = maker.name
        self.class_names = maker.class_names
        self._maker = maker

    def __len__(self) -> int:
        return self._maker.count

    def image_id(self, index: int) -> str:
        return _image_id(self._maker.split, index)

    def label(self, index: int) -> int:
        return index % len(self.class_names)

    def read(self, index: int) -> Image:
        return self._maker.scene(index).image

    def digest(self, index: int) -> bytes:
        """Over what the scene is made from, without making it: scenes of other settings are others."""
        return sha256(f"{self._fingerprint} {index}".encode()).digest()

    def fingerprint(self) -> str:
        return self._fingerprint

    @cached_property
    def _fingerprint(self) -> str:
        return self._maker.fingerprint()


class GeneratedTruth(GroundTruth):
    """The masks of a `SceneMaker`, and the boxes around them."""

    def __init__(self, maker: SceneMaker) -> None:
        self._maker = maker
        self._indices = {_image_id(maker.split, index): index for index in range(maker.count)}

    def __contains__(self, image_id: object) -> bool:
        return image_id in self._indices

    def __getitem__(self, image_id: str) -> Truth:
        mask = self._maker.scene(self._indices[image_id]).mask
        return Truth(boxes_around(mask), mask)

    def __len__(self) -> int:
        return len(self._indices)


def scene_rng(seed: int, split: Split, index: int) -> np.random.Generator:
    """A generator of its own for every scene, so that any of them can be made first."""
    return np.random.default_rng([seed, get_args(Split).index(split), index])


def _image_id(split: Split, index: int) -> str:
    return f"{split}/{index:06d}.png"
