"""Figures of single images, kept so that methods can be compared on the very same ones.

A table of n images and K columns. A column is one figure of one method under one threshold rule:

    box_iou          IoU of the best box with the best-fitting true one; 0 where there is no box
    metric_1         1 where box_iou >= 0.5, otherwise 0
    metric_2         the same, and the class is right
    mask_iou         IoU of the mask with the true one
    max_box_acc, max_box_acc_v2, pointing    as in `rows`, under the rule names they have there

A value is NaN where the image has no true mask, or the method was not measured on it.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from aln.boxes import FloatArray
from aln.errors import DataError
from aln.files import write_atomic


class Column(NamedTuple):
    """What a column holds: the method and the threshold rule, as rows call them, and the figure."""

    method: str
    rule: str
    figure: str


@dataclass(frozen=True, eq=False)
class PerImage:
    """Figures of n images.

    Attributes:
        image_ids: Their names.
        small: bool (n,), whether the image belongs to the smaller half.
        correct: bool (n,), whether the classifier ranks the true class first.
        columns: Each column's values, float32 (n,).
    """

    image_ids: tuple[str, ...]
    small: NDArray[np.bool_]
    correct: NDArray[np.bool_]
    columns: Mapping[Column, FloatArray]

    def get(self, method: str, rule: str, figure: str = "box_iou") -> FloatArray:
        """One column, float32 (n,).

        Raises:
            KeyError: If it was not measured.
        """
        return self.columns[Column(method, rule, figure)]

    def rules(self, method: str) -> tuple[str, ...]:
        """The threshold rules that boxes of `method` were measured with, in order."""
        return tuple(key.rule for key in self.columns if (key.method, key.figure) == (method, "box_iou"))

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods, in order."""
        return tuple(dict.fromkeys(key.method for key in self.columns))

    def only(self, methods: Collection[str]) -> PerImage:
        """The columns of these methods."""
        return replace(self, columns={k: v for k, v in self.columns.items() if k.method in methods})

    def save(self, path: Path) -> None:
        """Write a compressed `.npz`, whole or not at all; `load` gives it back.

        Raises:
            DataError: If the file can't be written.
        """
        arrays = {
            "image_ids": np.array(self.image_ids, np.str_),
            "small": self.small,
            "correct": self.correct,
            "columns": np.array(list(self.columns), np.str_).reshape(-1, 3),
            "values": np.array(list(self.columns.values()), np.float32).reshape(-1, len(self.image_ids)),
        }
        written = io.BytesIO()
        np.savez_compressed(written, allow_pickle=False, **arrays)
        try:
            write_atomic(path, written.getvalue())
        except OSError as error:
            raise DataError(f"{path}: can't be written ({error.strerror})") from error

    @classmethod
    def load(cls, path: Path) -> PerImage:
        """Read what `save` wrote.

        Raises:
            DataError: If the file is missing or holds anything else; names it.
        """
        try:
            with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as arrays:
                columns = [Column(*map(str, names)) for names in arrays["columns"]]
                return cls(
                    image_ids=tuple(map(str, arrays["image_ids"])),
                    small=arrays["small"],
                    correct=arrays["correct"],
                    columns=dict(zip(columns, arrays["values"], strict=True)),
                )
        except OSError as error:
            raise DataError(f"{path}: can't be read ({error.strerror or error})") from error
        except (ValueError, KeyError, TypeError, AttributeError, EOFError, zipfile.BadZipFile) as error:
            raise DataError(f"{path}: holds no figures of single images ({error})") from error


def joined(parts: Sequence[PerImage]) -> PerImage:
    """Several tables of one data set and one classifier as one, NaN where a method was not measured.

    Images come in the order of the first table that has them; of equal columns the first is taken.
    """
    place: dict[str, int] = {}
    for part in parts:
        for image_id in part.image_ids:
            place.setdefault(image_id, len(place))
    small, correct = np.zeros((2, len(place)), np.bool_)
    columns: dict[Column, FloatArray] = {}
    for part in parts:
        index = [place[image_id] for image_id in part.image_ids]
        small[index], correct[index] = part.small, part.correct
        for key, values in part.columns.items():
            if key not in columns:
                columns[key] = np.full(len(place), np.nan, np.float32)
                columns[key][index] = values
    return PerImage(tuple(place), small, correct, columns)
