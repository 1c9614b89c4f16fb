"""What an annotation format is: a function that writes a stream of results into a fresh folder."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from aln.errors import DataError
from aln.localization import BoolArray, FloatArray
from aln.registry import Registry


class Found(Protocol):
    """What formats need of a result: a `Localization` has it, and so has a result read back from disk.

    Attributes:
        image_id: Path of the photograph relative to `Dataset.photographs`, with forward slashes.
        width, height: Size of the photograph in pixels.
        class_name: One of `Dataset.class_names`.
        boxes: float32 (N, 4), half-open `x0, y0, x1, y1` in pixels, best first.
        box_scores: float32 (N,) in [0, 1].
        mask: bool (H, W).
        method: What found it.
    """

    @property
    def image_id(self) -> str: ...
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def class_name(self) -> str: ...
    @property
    def boxes(self) -> FloatArray: ...
    @property
    def box_scores(self) -> FloatArray: ...
    @property
    def mask(self) -> BoolArray: ...
    @property
    def method(self) -> str: ...


@dataclass(frozen=True)
class Dataset:
    """What all results share: the names of all classes, and the folder that image ids are relative to."""

    class_names: tuple[str, ...]
    photographs: Path


Write = Callable[[Iterable[Found], Path, Dataset], None]
"""The signature that every format has: `(results, folder, dataset)`; one pass, in constant memory.

Args:
    results: Taken one by one; none is kept.
    folder: Empty, and the function's own. It gets its final name when the function has returned.
    dataset: Class names and the photographs' folder.

Raises:
    DataError: If two photographs would share one annotation file.
    OSError: If something can't be written.
"""


Check = Callable[[Sequence[str]], None]
"""Raises ConfigError for names of classes that a format has no place for: told before anything is made."""


def no_check(_: Sequence[str]) -> None:
    """Any names of classes will do."""


@dataclass(frozen=True)
class Format:
    """A registered format: what the user types, its function, and one line on it (of its docstring).

    Attributes:
        leads: Whether its files lead to the photographs, so that these must lie where the data set says.
        check: Refuses names of classes.
    """

    name: str
    write: Write
    summary: str
    leads: bool = False
    check: Check = no_check


FORMATS: Registry[Format] = Registry("annotation format")


def register(name: str, *, leads: bool = False, check: Check = no_check) -> Callable[[Write], Write]:
    """Register a format under `name`; one file in `aln/export/` and one import line in its `__init__`.

    Args:
        name: What users type.
        leads: Whether its files lead to the photographs: by links, or by paths from file to file.
        check: Refuses names of classes that it has no place for.
    """

    def add(function: Write) -> Write:
        summary = (function.__doc__ or "").strip().splitlines()[0]
        FORMATS.add(name, Format(name, function, summary, leads, check))
        return function

    return add


def inside(image_id: str) -> PurePosixPath:
    """A photograph's id as a path below some folder.

    Raises:
        DataError: If the id leads out of the folder.
    """
    name = PurePosixPath(image_id)
    if not name.name or ".." in name.parts or name.is_absolute():
        raise DataError(f"{image_id!r} is no name inside a folder; rename the photograph")
    return name


def place(folder: Path, image_id: str, suffix: str) -> Path:
    """Path of a photograph's own annotation file: its id with another suffix, below `folder`, not there yet.

    Raises:
        DataError: If the id leads out of the folder, or another photograph has taken the name ("a.jpg" and
            "a.png" both lead to "a.txt").
    """
    path = folder / inside(image_id).with_suffix(suffix)
    if path.exists():
        raise DataError(
            f"{image_id}: another photograph beside it has the same name but for the suffix, and this format "
            f"has one {path.name} for both; rename one of them, or choose another format"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


class Names:
    """Names of photographs without their suffixes, each of which may come once.

    For tools that know photographs by these: "a.jpg" and "a.png" would be one.
    """

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def add(self, image_id: str) -> None:
        """Take the name of a photograph.

        Raises:
            DataError: If another photograph has taken it.
        """
        name = str(PurePosixPath(image_id).with_suffix(""))
        if name in self._taken:
            raise DataError(
                f"{image_id}: another photograph beside it has the same name but for the suffix, and what "
                "reads this format takes both for one; rename one of them, or choose another format"
            )
        self._taken.add(name)


def link_photographs(link: Path, photographs: Path) -> None:
    """Let `link` point to the photographs, where the system has links; elsewhere the user copies them."""
    try:
        link.symlink_to(photographs.absolute(), target_is_directory=True)
    except OSError:
        return
