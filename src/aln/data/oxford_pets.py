"""Oxford-IIIT Pets: photographs of breeds with trimaps; official layout, unpacked or in a zip.

A trimap holds 1 for the object, 2 for the background and 3 for the unclear band between them. The mask is the
object, the band is ignored by mask metrics, and the box is the one around the mask. Each class is shuffled by
a digest of its file names and cut into 70 % `train-weaksup`, 10 % `train-fullsup` and 20 % `test`.
"""

from __future__ import annotations

import re
from functools import partial
from hashlib import sha256
from pathlib import Path

from aln.data.base import FORMATS, DataFormat, GroundTruth, Image, LabelledImages, Options, Split
from aln.data.images import decode
from aln.data.options import FormatOptions, parse_options
from aln.data.store import Store, open_store
from aln.data.stored import Entry, StoredImages
from aln.data.truth import BoxTruth, Mask, boxes_around
from aln.errors import DataError

OBJECT, BORDER = 1, 3

SHARES: dict[Split, tuple[float, float]] = {
    "train-weaksup": (0.0, 0.7),
    "train-fullsup": (0.7, 0.8),
    "test": (0.8, 1.0),
}
"""Where each split begins and ends in its shuffled class."""

_PHOTO = re.compile(r"images/(.+)_\d+\.jpg")


def detect(path: Path) -> bool:
    """A folder with `pets*.zip`, or with `images/` and `annotations/trimaps/`."""
    unpacked = (path / "images").is_dir() and (path / "annotations" / "trimaps").is_dir()
    return unpacked or (path.is_dir() and any(path.glob("pets*.zip")))


def open_images(path: Path, split: Split, options: Options) -> LabelledImages:
    """The photographs of a split; the class is the file's name without its number."""
    parse_options(FormatOptions, options, "oxford-pets")
    store = open_store(path)
    photos = _photos_by_class(store)
    entries = [
        Entry(name, label)
        for label, names in enumerate(photos.values())
        for name in _part(names, SHARES[split])
    ]
    return StoredImages(f"oxford-pets-{len(photos)}", list(photos), entries, store, where=str(path))


def open_truth(path: Path, split: Split, options: Options) -> GroundTruth:
    """Mask, ignored band and box of each photograph of the split that has a trimap with some object in it."""
    images = open_images(path, split, options)
    store = open_store(path)
    trimaps = set(store.names())
    ids = (images.image_id(index) for index in range(len(images)))
    boxes = {
        image_id: boxes_around(read_trimap(store, image_id)[0])
        for image_id in ids
        if _trimap_name(image_id) in trimaps
    }
    return BoxTruth(boxes, partial(read_trimap, store))


def read_trimap(store: Store, image_id: str) -> tuple[Mask, Mask]:
    """(mask, ignore) of a photograph, each bool (H, W).

    Raises:
        DataError: If the trimap is missing or holds other values than 1, 2 and 3.
    """
    name = _trimap_name(image_id)
    trimap: Image = decode(store.read(name), store.where(name))[..., 0]
    if trimap.min() < OBJECT or trimap.max() > BORDER:
        raise DataError(f"{store.where(name)}: holds other values than 1, 2 and 3; it is no trimap")
    return trimap == OBJECT, trimap == BORDER


def _photos_by_class(store: Store) -> dict[str, list[str]]:
    photos: dict[str, list[str]] = {}
    for name in store.names():
        match = _PHOTO.fullmatch(name)
        if match:
            photos.setdefault(match[1], []).append(name)
    return photos


def _part(names: list[str], share: tuple[float, float]) -> list[str]:
    shuffled = sorted(names, key=lambda name: sha256(name.encode()).digest())
    begin, end = (round(edge * len(names)) for edge in share)
    return sorted(shuffled[begin:end])


def _trimap_name(image_id: str) -> str:
    return image_id.replace("images/", "annotations/trimaps/", 1).removesuffix(".jpg") + ".png"


FORMATS.add(
    "oxford-pets",
    DataFormat("Oxford-IIIT Pets with trimaps, unpacked or in a zip", detect, open_images, open_truth),
)
