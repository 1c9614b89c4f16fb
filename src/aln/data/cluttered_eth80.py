"""`cluttered-eth80`: objects of ETH-80 cut out and pasted on photographs that say nothing about the class.

Each object is pasted at a random place with the longer side of its box at 0.3–0.75 of the image's side.
Nothing but the object tells the class, nothing favours the centre, and the masks are exact. Every image is
made from (seed, split, index) alone, when it is asked for. Training splits show the instances 1–8 of each
class and the test split the instances 9–10; no two splits share a background.
"""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from aln.data import tiny_imagenet
from aln.data.base import FORMATS, DataFormat, GroundTruth, Image, LabelledImages, Options, Split
from aln.data.generated import GeneratedImages, GeneratedTruth, Scene, scene_rng
from aln.data.images import decode, resize_to_input
from aln.data.options import FormatOptions, parse_options
from aln.data.store import Store, open_store
from aln.data.stored import fingerprint
from aln.errors import DataError

SCALE = (0.3, 0.75)
"""Longer side of the object's box as a fraction of the image's side."""

TEST_INSTANCES = frozenset({9, 10})

_OBJECT = re.compile(r"images/([^/]+)/\D*(\d+)[^/]*\.jpg")
_VERSION = 1


class ClutteredEth80Options(FormatOptions):
    """How the images are made.

    Attributes:
        size: Side of the square images in pixels.
        seed: Another seed gives other images.
        count: Images of `train-weaksup`; each other split has a fifth of it.
        backgrounds: Folder of Tiny-ImageNet; by default `tiny-imagenet-100` beside the folder of ETH-80.
    """

    size: int = Field(64, ge=16, le=1024)
    seed: int = Field(0, ge=0)
    count: int = Field(8000, ge=40)
    backgrounds: str = ""


class Eth80Scenes:
    """Makes the scenes of one split; see the module's docstring."""

    name = "cluttered-eth80"

    def __init__(self, path: Path, split: Split, options: Options) -> None:
        self.split = split
        self._options = parse_options(ClutteredEth80Options, options, self.name)
        self.count = self._options.count if split == "train-weaksup" else self._options.count // 5
        self._objects = open_store(path, "eth80*.zip")
        self._names = _object_names(self._objects, split, path)
        self.class_names = tuple(self._names)
        self._backgrounds, self._background_names = _open_backgrounds(self._options.backgrounds, path, split)

    def scene(self, index: int) -> Scene:
        rng = scene_rng(self._options.seed, self.split, index)
        names = self._names[self.class_names[index % len(self.class_names)]]
        size = self._options.size
        backgrounds = self._background_names
        background = _read(self._backgrounds, backgrounds[rng.integers(len(backgrounds))])
        colour, alpha = self._cut_out(names[rng.integers(len(names))], size * rng.uniform(*SCALE))
        height, width = alpha.shape
        y, x = rng.integers(0, [size - height + 1, size - width + 1])
        return paste(resize_to_input(background, size), colour, alpha, int(x), int(y))

    def fingerprint(self) -> str:
        return self._fingerprint

    @cached_property
    def _fingerprint(self) -> str:
        objects = sorted(name for names in self._names.values() for name in names)
        files = [(self._objects, name) for name in objects + [_mask_name(name) for name in objects]]
        files += [(self._backgrounds, name) for name in self._background_names]
        digests = (f"{name} {store.digest(name).hex()}" for store, name in files)
        settings = self._options.model_dump(exclude={"backgrounds"})
        return fingerprint([self.name, _VERSION, self.split, sorted(settings.items()), *digests])

    def _cut_out(self, name: str, longer_side: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        image = _read(self._objects, name)
        mask = _read(self._objects, _mask_name(name))[..., 0] > 127
        return cut_out(image, mask, longer_side)


def cut_out(
    image: Image, mask: NDArray[np.bool_], longer_side: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The object under `mask`, cropped to its box and scaled so that the box's longer side is `longer_side`.

    Returns:
        Colour times alpha, float32 (h, w, 3) in 0..255, and alpha, float32 (h, w) in 0..1, soft at the edge.
        Scaling the product keeps the colour of the old background out of the edge.
    """
    x, y, width, height = cv2.boundingRect(mask.astype(np.uint8))
    scale = longer_side / max(width, height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    alpha = mask[y : y + height, x : x + width].astype(np.float32)
    colour = image[y : y + height, x : x + width] * alpha[..., None]
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return cv2.resize(colour, size, interpolation=method), cv2.resize(alpha, size, interpolation=method)


def paste(
    background: Image, colour: NDArray[np.float32], alpha: NDArray[np.float32], x: int, y: int
) -> Scene:
    """Lay a `cut_out` on a background, its top left corner at (x, y). The mask is alpha >= 0.5."""
    height, width = alpha.shape
    image = background.copy()
    under = image[y : y + height, x : x + width]
    under[:] = np.rint(under * (1 - alpha[..., None]) + colour).clip(0, 255).astype(np.uint8)
    mask = np.zeros(image.shape[:2], np.bool_)
    mask[y : y + height, x : x + width] = alpha >= 0.5
    return Scene(image, mask)


def detect(path: Path) -> bool:
    """A folder with `eth80*.zip` in it."""
    return path.is_dir() and any(path.glob("eth80*.zip"))


def open_images(path: Path, split: Split, options: Options) -> LabelledImages:
    """The images of a split, with the eight classes of ETH-80."""
    return GeneratedImages(Eth80Scenes(path, split, options))


def open_truth(path: Path, split: Split, options: Options) -> GroundTruth:
    """The masks of a split, and the boxes around them."""
    return GeneratedTruth(Eth80Scenes(path, split, options))


def _object_names(store: Store, split: Split, path: Path) -> dict[str, list[str]]:
    """Photographs of the split's instances by class; classes and names sorted."""
    names: dict[str, list[str]] = {}
    for name in store.names():
        match = _OBJECT.fullmatch(name)
        if match and (int(match[2]) in TEST_INSTANCES) == (split == "test"):
            names.setdefault(match[1], []).append(name)
    if not names:
        raise DataError(f"{path}: holds no images/<class>/*.jpg of ETH-80; give the folder with eth80-96.zip")
    return names


def _mask_name(name: str) -> str:
    return name.replace("images/", "masks/", 1).removesuffix(".jpg") + ".png"


def _open_backgrounds(given: str, path: Path, split: Split) -> tuple[Store, list[str]]:
    folder = Path(given).expanduser() if given else path.absolute().parent / "tiny-imagenet-100"
    if not tiny_imagenet.detect(folder):
        raise DataError(
            f"{folder}: no Tiny-ImageNet here to paste on; set data.options.backgrounds to its folder"
        )
    store = open_store(folder)
    return store, tiny_imagenet.image_names(store, split)


def _read(store: Store, name: str) -> Image:
    return decode(store.read(name), store.where(name))


FORMATS.add(
    "cluttered-eth80",
    DataFormat(
        "objects of ETH-80 pasted on Tiny-ImageNet photographs",
        detect,
        open_images,
        open_truth,
        options=ClutteredEth80Options,
    ),
)
