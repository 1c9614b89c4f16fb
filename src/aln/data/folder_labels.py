"""The class that a photograph's folder is named after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Literal

from aln.errors import DataError

ClassFrom = Literal["model", "folder"]
"""Where the class comes from that is to be found in a photograph."""


def folder_label(image_id: str, root: Path, class_names: Sequence[str]) -> int | None:
    """The class of a photograph: that of the nearest folder around it with a class's name, or None.

    Folders above `root`, which image ids are relative to, don't count: they were named for something else.
    """
    folders = (root.name, *PurePosixPath(image_id).parent.parts)
    named = [name for name in folders if name in class_names]
    return class_names.index(named[-1]) if named else None


def folder_labels(photographs: Mapping[str, Path], root: Path, class_names: Sequence[str]) -> dict[str, int]:
    """The class of each photograph, by image id, as `folder_label` finds it.

    Raises:
        DataError: For a photograph without one; names it.
    """
    labels: dict[str, int] = {}
    for image_id, path in photographs.items():
        label = folder_label(image_id, root, class_names)
        if label is None:
            raise DataError(
                f"{path}: lies in no folder with the name of a class ({', '.join(class_names[:5])}"
                f"{', ...' if len(class_names) > 5 else ''}); move it there, or leave out --class-from folder"
            )
        labels[image_id] = label
    return labels
