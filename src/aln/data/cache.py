"""Decoded images and their superpixels in memory-mapped files.

Decoding and segmenting happen once; training then reads in constant memory, however many images there are.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from aln.config import SuperpixelConfig
from aln.data.base import LabelledImages
from aln.data.cache_writer import CacheWriter
from aln.data.images import resize_to_input
from aln.data.stored import fingerprint
from aln.errors import DataError
from aln.superpixels import segment

Progress = Callable[[int, int], None]
"""Called with (images done, images in all)."""

_VERSION = 1
_PROGRESS_EVERY = 32


@dataclass(frozen=True, eq=False)
class ImageCache:
    """The readable images of one split at the network's input size; the arrays are read-only memory maps.

    Attributes:
        images: uint8 (N, S, S, 3), RGB.
        segments: uint8 or uint16 (N, S, S), superpixel labels 0..K-1 of each image.
        labels: int64 (N,), class indices.
        ids: Image id of each row.
        class_names: Names of the classes.
        mean: Mean of each channel over all images, 0..1.
        std: Standard deviation of each channel, 0..1, > 0.
        n_segments: Largest K of any image.
        failures: (image id, reason) of each image that could not be read.
        fingerprint: The data set's own, see `LabelledImages.fingerprint`.
    """

    images: NDArray[np.uint8]
    segments: NDArray[np.uint8] | NDArray[np.uint16]
    labels: NDArray[np.int64]
    ids: tuple[str, ...]
    class_names: tuple[str, ...]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    n_segments: int
    failures: tuple[tuple[str, str], ...]
    fingerprint: str

    def __len__(self) -> int:
        return len(self.ids)


def default_cache_root() -> Path:
    """`$ALN_CACHE`, else `aln` in `$XDG_CACHE_HOME`, else `~/.cache/aln`."""
    if os.environ.get("ALN_CACHE"):
        return Path(os.environ["ALN_CACHE"]).expanduser()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "aln"


def open_cache(
    images: LabelledImages,
    input_size: int,
    superpixels: SuperpixelConfig,
    root: Path,
    *,
    progress: Progress | None = None,
    strict: bool = False,
) -> ImageCache:
    """Open the cache of `images`, building it first if it is not there, incomplete or damaged.

    The folder's name is a digest of the images' fingerprint and the settings, so a changed photograph or
    setting gets a new cache. Two processes that build at once do the work once. Building holds one image at a
    time.

    Args:
        images: What to decode, in this order.
        input_size: Side S of the network's square input.
        superpixels: How to cut each resized image.
        root: Folder of all caches; made if need be.
        progress: Told now and then how far building is.
        strict: Raise on the first unreadable image instead of leaving it out.

    Raises:
        DataError: If a class has no readable image, with `strict` for any unreadable one, or if `root`
            can't be written.
    """
    content = images.fingerprint()
    key = fingerprint([_VERSION, content, input_size, *_superpixel_key(superpixels)])
    folder = root / f"{images.name[:40]}-{key[:24]}"
    cache = _opened(folder)
    if cache is None:
        try:
            root.mkdir(parents=True, exist_ok=True)
            with FileLock(f"{folder}.lock"):
                cache = _opened(folder)
                if cache is None:
                    cache = _built(
                        images, input_size, superpixels, folder, content, progress=progress, strict=strict
                    )
        except OSError as error:
            raise DataError(
                f"{root}: the image cache can't be written ({error.strerror}); make room, or set "
                "ALN_CACHE to another folder"
            ) from error
    if strict and cache.failures:
        raise DataError(cache.failures[0][1])
    return cache


def _superpixel_key(superpixels: SuperpixelConfig) -> list[object]:
    """The settings, and the labels of one fixed image: they change when the algorithm does."""
    probe = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    return [sorted(superpixels.model_dump().items()), segment(probe, superpixels).tolist()]


def _opened(folder: Path) -> ImageCache | None:
    """The cache in `folder`, or None unless every file in it is whole."""
    try:
        meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
        arrays = {
            name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("images", "segments", "labels")
        }
        if any(len(array) != len(meta["ids"]) for array in arrays.values()):
            return None
        return _from_meta(meta, arrays)
    except (OSError, EOFError, ValueError, KeyError, TypeError):
        return None


def _from_meta(meta: dict[str, Any], arrays: dict[str, Any]) -> ImageCache:
    r, g, b = meta["mean"]
    std_r, std_g, std_b = meta["std"]
    return ImageCache(
        **arrays,
        ids=tuple(meta["ids"]),
        class_names=tuple(meta["class_names"]),
        mean=(r, g, b),
        std=(std_r, std_g, std_b),
        n_segments=int(meta["n_segments"]),
        failures=tuple((image_id, reason) for image_id, reason in meta["failures"]),
        fingerprint=meta["fingerprint"],
    )


def _built(
    images: LabelledImages,
    input_size: int,
    superpixels: SuperpixelConfig,
    folder: Path,
    content: str,
    *,
    progress: Progress | None,
    strict: bool,
) -> ImageCache:
    failures: list[tuple[str, str]] = []
    with CacheWriter(folder, input_size) as writer:
        for index in range(len(images)):
            try:
                image = resize_to_input(images.read(index), input_size)
            except DataError as error:
                if strict:
                    raise
                failures.append((images.image_id(index), str(error)))
            else:
                writer.add(image, segment(image, superpixels), images.label(index), images.image_id(index))
            if progress and (index % _PROGRESS_EVERY == 0 or index == len(images) - 1):
                progress(index + 1, len(images))
        _check_classes(images, writer.labels, failures)
        writer.commit({"class_names": images.class_names, "failures": failures, "fingerprint": content})
    cache = _opened(folder)
    if cache is None:
        raise DataError(f"{folder}: the image cache can't be read back; check the disk or set ALN_CACHE")
    return cache


def _check_classes(images: LabelledImages, labels: list[int], failures: list[tuple[str, str]]) -> None:
    empty = sorted(set(range(len(images.class_names))) - set(labels))
    if empty:
        names = ", ".join(repr(images.class_names[label]) for label in empty)
        reason = f" ({failures[0][1]})" if failures else ""
        raise DataError(
            f"{images.name}: no readable photograph of {names}{reason}; add some or remove the class"
        )
