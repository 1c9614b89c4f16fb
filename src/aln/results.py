"""Reading back, one by one, what `aln localize` has written into a folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from aln.errors import DataError
from aln.localization import BoolArray, FloatArray
from aln.result_lines import parsed


@dataclass(frozen=True, eq=False)
class StoredResult:
    """A result as it lies on disk; fields as in `Localization`, without its score map.

    Attributes:
        mask_file: PNG of the mask, read when it is asked for.
    """

    image_id: str
    width: int
    height: int
    class_name: str
    boxes: FloatArray
    box_scores: FloatArray
    method: str
    mask_file: Path

    @cached_property
    def mask(self) -> BoolArray:
        """The mask, bool (H, W).

        Raises:
            DataError: If the file is missing, damaged or of another size.
        """
        try:
            data = np.frombuffer(self.mask_file.read_bytes(), np.uint8)
        except OSError as error:
            raise DataError(f"{self.mask_file}: can't be read ({error.strerror}); {AGAIN}") from error
        pixels = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE) if data.size else None
        if pixels is None or pixels.shape != (self.height, self.width):
            raise DataError(f"{self.mask_file}: is no mask of {self.width}x{self.height} pixels; {AGAIN}")
        return np.asarray(pixels > 0)


AGAIN = "run aln localize again with --redo"


@dataclass(frozen=True)
class StoredResults:
    """All results of a folder: iterating reads them one by one, as often as one likes.

    Attributes:
        folder: What `aln localize --out` has filled.
        class_names: Names of all classes of the model.
        photographs: The folder that image ids are relative to.
    """

    folder: Path
    class_names: tuple[str, ...]
    photographs: Path

    def __iter__(self) -> Iterator[StoredResult]:
        """Yield the results in the order they were made; half a line at the end is left out.

        Raises:
            DataError: For a damaged line; names it.
        """
        for _, result in parsed(self.folder / "localizations.jsonl", self._result):
            yield result

    def gone(self) -> list[str]:
        """Ids of the results whose photographs are no longer in `photographs`; raises as iterating does."""
        return [found.image_id for found in self if not (self.photographs / found.image_id).exists()]

    def _result(self, row: dict[str, Any]) -> StoredResult:
        if row["label"] not in self.class_names:
            raise ValueError(row["label"])
        return StoredResult(
            image_id=row["image"],
            width=row["width"],
            height=row["height"],
            class_name=row["label"],
            boxes=np.array(row["boxes"], np.float32).reshape(-1, 4),
            box_scores=np.array(row["scores"], np.float32),
            method=row["method"],
            mask_file=self.folder / "masks" / (row["image"] + ".png"),
        )


def open_results(folder: Path) -> StoredResults:
    """The results that lie in `folder`.

    Raises:
        DataError: If `folder` was not filled by `aln localize`.
    """
    path = folder / "run.json"
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        return StoredResults(folder, tuple(manifest["classes"]), Path(manifest["photographs"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{folder}: holds no results of aln localize with their class names; "
            "give its --out folder, or run aln localize again with --redo"
        ) from error
