"""`shapes`: textured objects on cluttered backgrounds, made on the fly, with exact masks. Needs no file.

Six classes, each a shape with a texture of its own, in random colours, at a random place, scale and rotation.
The backgrounds are blurred colour noise under fragments, outlines, mottled patches and grain: things with
edges, contrast and texture that are the same for all classes. Every image is made from (seed, split, index)
alone.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from aln.data.base import FORMATS, DataFormat, GroundTruth, Image, LabelledImages, Options, Split
from aln.data.generated import GeneratedImages, GeneratedTruth, Scene, scene_rng
from aln.data.options import FormatOptions, parse_options
from aln.data.stored import fingerprint

SCALE = (0.25, 0.6)
"""Diameter of the object's circumscribed circle as a fraction of the image's side."""

_FRAGMENTS = (5, 9)
_GRAIN = 6.0

Field2D = NDArray[np.floating[Any]]
FieldFunction = Callable[[Field2D, Field2D], Field2D]


class ShapesOptions(FormatOptions):
    """How the images are made.

    Attributes:
        size: Side of the square images in pixels.
        seed: Another seed gives other images.
        count: Images of `train-weaksup`; each other split has a quarter of it.
    """

    size: int = Field(64, ge=16, le=1024)
    seed: int = Field(0, ge=0)
    count: int = Field(2000, ge=24)


# Shapes: fields over (u, v) in [-1, 1]², positive inside, with a slope of about 1 at the edge.


def _disc(u: Field2D, v: Field2D) -> Field2D:
    return 1 - _length(u, v)


def _square(u: Field2D, v: Field2D) -> Field2D:
    return 0.72 - np.maximum(np.abs(u), np.abs(v))


def _triangle(u: Field2D, v: Field2D) -> Field2D:
    return 0.5 - np.maximum(np.abs(u) * float(np.sqrt(0.75)) + v / 2, -v)


def _cross(u: Field2D, v: Field2D) -> Field2D:
    wide, narrow = np.maximum(np.abs(u), np.abs(v)), np.minimum(np.abs(u), np.abs(v))
    inside: Field2D = np.minimum(0.92 - wide, 0.38 - narrow)
    return inside


def _ring(u: Field2D, v: Field2D) -> Field2D:
    inside: Field2D = 0.35 - np.abs(_length(u, v) - 0.65)
    return inside


def _star(u: Field2D, v: Field2D) -> Field2D:
    return 0.74 + 0.24 * np.cos(5 * _angle(u, v)) - _length(u, v)


# Textures: fields of about [-1, 1] over (u, v); the sign chooses between the object's two colours.


def _stripes(u: Field2D, _: Field2D) -> Field2D:
    return np.sin(10 * u)


def _checks(u: Field2D, v: Field2D) -> Field2D:
    return np.sin(7 * u) * np.sin(7 * v)


def _dots(u: Field2D, v: Field2D) -> Field2D:
    return np.cos(11 * u) + np.cos(11 * v) - 0.6


def _circles(u: Field2D, v: Field2D) -> Field2D:
    return np.sin(13 * _length(u, v))


def _spokes(u: Field2D, v: Field2D) -> Field2D:
    return np.sin(8 * _angle(u, v))


def _zigzag(u: Field2D, v: Field2D) -> Field2D:
    wave: Field2D = np.sin(12 * u + 4 * np.abs((2 * v) % 2 - 1))
    return wave


def _length(u: Field2D, v: Field2D) -> Field2D:
    length: Field2D = np.sqrt(u * u + v * v)
    return length


def _angle(u: Field2D, v: Field2D) -> Field2D:
    angle: Field2D = np.arctan2(v, u)
    return angle


CLASSES: dict[str, tuple[FieldFunction, FieldFunction]] = {
    "striped disc": (_disc, _stripes),
    "checked square": (_square, _checks),
    "dotted triangle": (_triangle, _dots),
    "circled cross": (_cross, _circles),
    "spoked ring": (_ring, _spokes),
    "zigzag star": (_star, _zigzag),
}


class ShapeScenes:
    """Makes the scenes of one split; see the module's docstring."""

    name = "shapes"
    class_names = tuple(CLASSES)

    def __init__(self, split: Split, options: Options) -> None:
        self.split = split
        self._options = parse_options(ShapesOptions, options, self.name)
        self.count = self._options.count if split == "train-weaksup" else self._options.count // 4

    def scene(self, index: int) -> Scene:
        rng = scene_rng(self._options.seed, self.split, index)
        background = make_background(rng, self._options.size)
        return add_object(rng, background, self.class_names[index % len(self.class_names)])

    def fingerprint(self) -> str:
        """Also over the first image: it changes when the code that draws does."""
        settings = sorted(self._options.model_dump().items())
        return fingerprint([self.name, self.split, settings, self.scene(0).image.tolist()])


def make_background(rng: np.random.Generator, size: int) -> Image:
    """Blurred colour noise under plain fragments, outlines and grain, RGB uint8 (size, size, 3)."""
    coarse = rng.integers(56, 200, (int(rng.integers(2, 6)),) * 2 + (3,), dtype=np.uint8)
    image = cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC)
    for _ in range(rng.integers(*_FRAGMENTS)):
        _draw_fragment(rng, image)
    grain = rng.normal(0, _GRAIN, image.shape)
    noisy: Image = (image + grain).clip(0, 255).astype(np.uint8)
    return noisy


def add_object(rng: np.random.Generator, background: Image, class_name: str) -> Scene:
    """Draw an object of the class at a random place, scale and rotation, whole inside the image."""
    size = len(background)
    radius = size * rng.uniform(*SCALE) / 2
    x, y = rng.uniform(radius, size - radius, 2)
    u, v = _local_coordinates(size, x, y, radius, rng.uniform(0, 2 * np.pi))
    shape, texture = CLASSES[class_name]
    inside = shape(u, v)
    alpha = (inside * radius + 0.5).clip(0, 1)[..., None]
    first, second = _contrasting_colours(rng)
    mix = (texture(u, v) * radius / 4 + 0.5).clip(0, 1)[..., None]
    colour = first * mix + second * (1 - mix)
    image = background * (1 - alpha) + colour * alpha
    return Scene(np.rint(image).astype(np.uint8), inside > 0)


def _local_coordinates(size: int, x: float, y: float, radius: float, angle: float) -> tuple[Field2D, Field2D]:
    """Pixel centres in the object's frame: its centre 0, its radius 1, turned by `angle`."""
    columns, rows = _pixel_centres(size)
    right, down = (columns - np.float32(x)) / np.float32(radius), (rows - np.float32(y)) / np.float32(radius)
    cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    return cos * right + sin * down, cos * down - sin * right


@lru_cache(maxsize=4)
def _pixel_centres(size: int) -> tuple[Field2D, Field2D]:
    centres = np.arange(size, dtype=np.float32) + np.float32(0.5)
    return centres[None, :], centres[:, None]


def _contrasting_colours(rng: np.random.Generator) -> tuple[Field2D, Field2D]:
    """Two random colours that are well apart in brightness."""
    first = rng.uniform(0, 255, 3)
    step = rng.uniform(96, 160) * (1 if first.mean() < 127.5 else -1)
    second = (first + step + rng.uniform(-48, 48, 3)).clip(0, 255)
    return first.astype(np.float32), second.astype(np.float32)


def _draw_fragment(rng: np.random.Generator, image: Image) -> None:
    """A polygon, an ellipse, an outline, a line or a mottled patch: alike for all classes."""
    size = len(image)
    colour = [int(level) for level in rng.integers(0, 256, 3)]
    centre = rng.uniform(0, size, 2)
    reach = size * rng.uniform(0.06, 0.22)
    corners = np.rint(centre + rng.uniform(-reach, reach, (int(rng.integers(3, 6)), 2))).astype(np.int32)
    kind = rng.integers(5)
    if kind == 0:
        cv2.fillPoly(image, [cv2.convexHull(corners)], colour, cv2.LINE_AA)
    elif kind == 1:
        ellipse = (centre.tolist(), rng.uniform(0.6, 2, 2) * reach, rng.uniform(0, 180))
        cv2.ellipse(image, ellipse, colour, -1, cv2.LINE_AA)
    elif kind == 2:
        cv2.polylines(image, [corners], True, colour, max(1, size // 48), cv2.LINE_AA)
    elif kind == 3:
        end = (corners[1] + size // 8).tolist()
        cv2.line(image, corners[0].tolist(), end, colour, max(1, size // 32), cv2.LINE_AA)
    else:
        _draw_mottled(rng, image, corners)


def _draw_mottled(rng: np.random.Generator, image: Image, corners: NDArray[np.int32]) -> None:
    """A polygon of random blots in two contrasting colours: texture that tells nothing."""
    size = len(image)
    cells = int(rng.integers(10, 20))
    noise = cv2.resize(rng.uniform(-1, 1, (cells, cells)).astype(np.float32), (size, size))
    inside = cv2.fillPoly(np.zeros((size, size), np.uint8), [cv2.convexHull(corners)], 1) > 0
    first, second = _contrasting_colours(rng)
    image[inside & (noise > 0)] = first.astype(np.uint8)
    image[inside & (noise <= 0)] = second.astype(np.uint8)


def detect(path: Path) -> bool:
    """The word `shapes`, unless a folder is called so."""
    return str(path) == "shapes" and not path.exists()


def open_images(_: Path, split: Split, options: Options) -> LabelledImages:
    """The images of a split; the path is not used."""
    return GeneratedImages(ShapeScenes(split, options))


def open_truth(_: Path, split: Split, options: Options) -> GroundTruth:
    """The masks of a split, and the boxes around them; the path is not used."""
    return GeneratedTruth(ShapeScenes(split, options))


FORMATS.add(
    "shapes",
    DataFormat(
        "made on the fly: six textured shapes in clutter",
        detect,
        open_images,
        open_truth,
        options=ShapesOptions,
    ),
)
