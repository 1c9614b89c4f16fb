"""The text files that clovaai/wsolevaluation describes a split with, read and written.

One image a line, names and numbers parted by commas, no heading:

    image_ids.txt      <image>
    class_labels.txt   <image>,<class>
    image_sizes.txt    <image>,<width>,<height>                   empty where there are only masks
    localization.txt   <image>,<x0>,<y0>,<x1>,<y1>                a line for each box, or
                       <image>,<mask file>,<ignore-mask file>     a line for each mask

An image's ignore mask, what doesn't count, stands on its first line, and on its other lines nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from aln.errors import DataError
from aln.files import write_atomic

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Masks:
    """Files below the folder of masks: those of an image's objects, and the one of what doesn't count."""

    objects: tuple[str, ...]
    ignore: str


@dataclass(frozen=True)
class Metadata:
    """One split, everything by image id.

    Attributes:
        labels: Class index of every image, in order.
        sizes: Width and height in pixels; empty where there are only masks.
        boxes: Corners x0, y0, x1, y1 in pixels of the photograph.
        masks: Mask files, in place of boxes.
    """

    labels: Mapping[str, int]
    sizes: Mapping[str, tuple[int, int]]
    boxes: Mapping[str, tuple[Box, ...]] = field(default_factory=dict)
    masks: Mapping[str, Masks] = field(default_factory=dict)


def read_metadata(folder: Path) -> Metadata:
    """Read the four files of a split.

    Raises:
        DataError: If a file is missing, a line malformed, or an image lacks its label, size or annotation;
            names the file and line.
    """
    ids = [words[0] for words, _ in _lines(folder / "image_ids.txt", 1)]
    if not ids:
        raise DataError(f"{folder / 'image_ids.txt'}: names no image")
    labels = {
        words[0]: _whole(words[1:], where)[0] for words, where in _lines(folder / "class_labels.txt", 2)
    }
    sizes = {words[0]: _size(words[1:], where) for words, where in _lines(folder / "image_sizes.txt", 3)}
    boxes: dict[str, tuple[Box, ...]] = {}
    masks: dict[str, Masks] = {}
    for words, where in _lines(folder / "localization.txt", 5, 3):
        image_id, *values = words
        if len(values) == 2:
            masks[image_id] = _joined(masks.get(image_id), values[0], values[1], where)
        else:
            boxes[image_id] = (*boxes.get(image_id, ()), _box(values, where))
    _require(ids, labels, folder / "class_labels.txt")
    _require(ids, masks or boxes, folder / "localization.txt")
    if not masks:
        _require(ids, sizes, folder / "image_sizes.txt")
    return Metadata({image_id: labels[image_id] for image_id in ids}, sizes, boxes, masks)


def require_names(names: Iterable[str]) -> None:
    """Make sure that the layout can express all names.

    Raises:
        DataError: If one holds a comma or a line break.
    """
    for name in names:
        if "," in name or len(name.splitlines()) > 1:
            raise DataError(
                f"{name!r}: this layout has no way to write a comma or line break; rename the file"
            )


def write_metadata(folder: Path, metadata: Metadata) -> None:
    """Write the four files of a split, so that `read_metadata` and the reference evaluator can read them.

    Raises:
        DataError: If a file can't be written, or a name holds a comma or a line break, which the layout
            can't express.
    """
    ids = list(metadata.labels)
    require_names(ids)
    require_names(file for masks in metadata.masks.values() for file in (*masks.objects, masks.ignore))
    places: list[str] = []
    for image_id in ids:
        places += [",".join(map(str, (image_id, *box))) for box in metadata.boxes.get(image_id, ())]
        if image_id in metadata.masks:
            objects, ignore = metadata.masks[image_id].objects, metadata.masks[image_id].ignore
            places += [f"{image_id},{file},{'' if index else ignore}" for index, file in enumerate(objects)]
    contents = {
        "image_ids.txt": ids,
        "class_labels.txt": [f"{image_id},{label}" for image_id, label in metadata.labels.items()],
        "image_sizes.txt": [
            f"{image_id},{width},{height}" for image_id, (width, height) in metadata.sizes.items()
        ],
        "localization.txt": places,
    }
    for file, lines in contents.items():
        try:
            write_atomic(folder / file, "".join(f"{line}\n" for line in lines).encode())
        except OSError as error:
            raise DataError(f"{folder / file}: can't be written ({error.strerror})") from error


def _lines(file: Path, *lengths: int) -> Iterator[tuple[list[str], str]]:
    """The words of each line, and its place for error messages."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            f"{file}: can't be read ({error}); a metadata folder holds image_ids.txt, class_labels.txt, "
            "image_sizes.txt and localization.txt"
        ) from error
    for number, line in enumerate(text.splitlines(), start=1):
        words, where = line.split(","), f"{file}:{number}"
        if len(words) not in lengths:
            expected = " or ".join(map(str, lengths))
            raise DataError(f"{where}: {line!r} has {len(words)} values between commas, not {expected}")
        yield words, where


def _whole(words: list[str], where: str) -> list[int]:
    try:
        return [int(word) for word in words]
    except ValueError as error:
        raise DataError(f"{where}: {','.join(words)!r} must be whole numbers") from error


def _size(words: list[str], where: str) -> tuple[int, int]:
    width, height = _whole(words, where)
    if width < 1 or height < 1:
        raise DataError(f"{where}: an image has at least one pixel, not {width}x{height}")
    return width, height


def _box(words: list[str], where: str) -> Box:
    x0, y0, x1, y1 = _whole(words, where)
    if not (0 <= x0 <= x1 and 0 <= y0 <= y1):
        raise DataError(f"{where}: a box is x0,y0,x1,y1 with 0 <= x0 <= x1 and 0 <= y0 <= y1")
    return x0, y0, x1, y1


def _joined(known: Masks | None, mask: str, ignore: str, where: str) -> Masks:
    if known is None:
        return Masks((mask,), ignore)
    if ignore:
        raise DataError(f"{where}: an image has one ignore mask, on its first line")
    return Masks((*known.objects, mask), known.ignore)


def _require(ids: list[str], known: Mapping[str, object], file: Path) -> None:
    if missing := [image_id for image_id in ids if image_id not in known]:
        raise DataError(f"{file}: lacks {missing[0]} and {len(missing) - 1} more that image_ids.txt names")
