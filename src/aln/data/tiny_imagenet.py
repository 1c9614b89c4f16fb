"""Tiny-ImageNet: 64×64 photographs of 200 classes, one box each; official layout, unpacked or in zips.

Splits: `train-weaksup` is the training images 0..449 of each class, `train-fullsup` the images 450..499, and
`test` the validation images. Boxes are stored with inclusive corners and read as half-open ones.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from pydantic import Field

from aln.data.base import FORMATS, DataFormat, GroundTruth, LabelledImages, Options, Split
from aln.data.options import FormatOptions, parse_options
from aln.data.store import Store, open_store
from aln.data.stored import Entry, StoredImages
from aln.data.truth import Boxes, BoxTruth, sound_boxes
from aln.errors import ConfigError, DataError

FULLSUP_FROM = 450
"""Training images from this number on are held out of training for choosing thresholds."""

_TRAIN = re.compile(r"train/(n\d+)/images/n\d+_(\d+)\.JPEG")


class TinyImageNetOptions(FormatOptions):
    """Which classes to take.

    Attributes:
        classes: Comma-separated WordNet ids; empty for all.
        class_stride: Take every n-th of them, in the order of `wnids.txt` (20 of 100: stride 5).
        class_offset: The first one to take.
    """

    classes: str = ""
    class_stride: int = Field(1, ge=1)
    class_offset: int = Field(0, ge=0)


def detect(path: Path) -> bool:
    """A folder with `wnids.txt` in it."""
    return (path / "wnids.txt").is_file()


def open_images(path: Path, split: Split, options: Options) -> LabelledImages:
    """The photographs of a split; image ids are the files' paths in the official layout."""
    store = open_store(path)
    wnids = _wnids(store, options)
    entries = _test_entries(store, wnids) if split == "test" else _train_entries(store, wnids, split)
    return StoredImages(
        f"tiny-imagenet-{len(wnids)}", _class_names(store, wnids), entries, store, where=str(path)
    )


def open_truth(path: Path, split: Split, options: Options) -> GroundTruth:
    """The boxes of a split."""
    store = open_store(path)
    wnids = _wnids(store, options)
    if split == "test":
        annotations = {f"val/images/{row[0]}": row[2:6] for row in _val_annotations(store) if row[1] in wnids}
    else:
        wanted = {entry.name for entry in _train_entries(store, wnids, split)}
        annotations = {
            name: row[1:5]
            for wnid in wnids
            for row in _rows(store, f"train/{wnid}/{wnid}_boxes.txt", columns=5)
            if (name := f"train/{wnid}/images/{row[0]}") in wanted
        }
    return BoxTruth({name: _half_open(corners) for name, corners in annotations.items()})


def image_names(store: Store, split: Split) -> list[str]:
    """Names in the store of all photographs of a split, whatever their class."""
    if split == "test":
        return [name for name in store.names() if name.startswith("val/images/")]
    return [name for name, _, number in _train_images(store) if _in_split(number, split)]


def _half_open(corners: list[str]) -> Boxes:
    """Stored inclusive corners as half-open (1, 4); (0, 4) where the stored width or height is 0."""
    inclusive = np.array([corners], np.float32)
    return sound_boxes(inclusive) + np.array([0, 0, 1, 1], np.float32)


def _wnids(store: Store, options: Options) -> list[str]:
    chosen = parse_options(TinyImageNetOptions, options, "tiny-imagenet")
    listed = [line.strip() for line in store.read_lines("wnids.txt")]
    named = [wnid.strip() for wnid in chosen.classes.split(",") if wnid.strip()]
    unknown = sorted(set(named) - set(listed))
    if unknown:
        raise ConfigError(f"classes {', '.join(unknown)} are not in {store.where('wnids.txt')}")
    wanted = [wnid for wnid in listed if wnid in named] if named else listed
    return wanted[chosen.class_offset :: chosen.class_stride]


def _class_names(store: Store, wnids: list[str]) -> list[str]:
    """The first synonym of each class; classes that share it get their WordNet id added."""
    words = dict(line.split("\t", 1) for line in store.read_lines("words.txt") if "\t" in line)
    names = [words.get(wnid, wnid).split(",")[0].strip() for wnid in wnids]
    return [
        f"{name} ({wnid})" if names.count(name) > 1 else name for name, wnid in zip(names, wnids, strict=True)
    ]


def _train_images(store: Store) -> list[tuple[str, str, int]]:
    """Every training image as (name in the store, WordNet id, number within its class)."""
    matches = ((name, _TRAIN.fullmatch(name)) for name in store.names())
    return [(name, match[1], int(match[2])) for name, match in matches if match]


def _in_split(number: int, split: Split) -> bool:
    return (number >= FULLSUP_FROM) == (split == "train-fullsup")


def _train_entries(store: Store, wnids: list[str], split: Split) -> list[Entry]:
    labels = {wnid: label for label, wnid in enumerate(wnids)}
    chosen = [
        (labels[wnid], number, name)
        for name, wnid, number in _train_images(store)
        if wnid in labels and _in_split(number, split)
    ]
    return [Entry(name, label) for label, _, name in sorted(chosen)]


def _test_entries(store: Store, wnids: list[str]) -> list[Entry]:
    labels = {wnid: label for label, wnid in enumerate(wnids)}
    rows = _val_annotations(store)
    return [Entry(f"val/images/{row[0]}", labels[row[1]]) for row in rows if row[1] in labels]


def _val_annotations(store: Store) -> list[list[str]]:
    return _rows(store, "val/val_annotations.txt", columns=6)


def _rows(store: Store, name: str, *, columns: int) -> list[list[str]]:
    rows = [line.split() for line in store.read_lines(name)]
    for number, row in enumerate(rows, 1):
        if len(row) != columns or not all(corner.lstrip("-").isdigit() for corner in row[-4:]):
            where = f"{store.where(name)}: line {number}"
            raise DataError(f"{where} is not {columns} columns ending in four corners; fetch the file again")
    return rows


FORMATS.add(
    "tiny-imagenet",
    DataFormat(
        "Tiny-ImageNet in its official layout, unpacked or in zips",
        detect,
        open_images,
        open_truth,
        options=TinyImageNetOptions,
    ),
)
