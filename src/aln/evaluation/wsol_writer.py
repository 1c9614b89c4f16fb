"""What was measured, in the layout of clovaai/wsolevaluation: score maps as `.npy`, and the split's metadata.

    <maps>/<method>/<image id>.npy    float32 (224, 224), as `choe2020` resizes them
    <metadata>/*.txt                  labels, sizes and boxes; see `wsol_metadata`
    <metadata>/masks/                 where there are true masks: *.txt that name them, and the PNGs

Measuring the folder gives the figures of `choe2020` again, as long as boxes have whole pixels for corners:
the layout has no others.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from aln.boxes import FloatArray
from aln.data.base import Truth
from aln.errors import DataError
from aln.evaluation import choe2020
from aln.evaluation.wsol_metadata import Box, Masks, Metadata, require_names, write_metadata
from aln.files import write_atomic
from aln.sources import Photograph


class WsolWriter:
    """Writes each score map as it comes, and the metadata at the end.

    Args:
        score_maps: Folder for score maps, or None.
        metadata: Folder for the metadata, or None.
        image_ids: Names of the images that may come, so that none of them fails in the end.

    Raises:
        DataError: If `metadata` is given and an image has a name that its layout can't express.
    """

    def __init__(
        self, score_maps: Path | str | None, metadata: Path | str | None, image_ids: Iterable[str] = ()
    ) -> None:
        if metadata is not None:
            require_names(image_ids)
        self._score_maps = None if score_maps is None else Path(score_maps)
        self._metadata = None if metadata is None else Path(metadata)
        self._labels: dict[str, int] = {}
        self._sizes: dict[str, tuple[int, int]] = {}
        self._boxes: dict[str, tuple[Box, ...]] = {}
        self._masks: dict[str, Masks] = {}

    def add(self, method: str, photograph: Photograph, truth: Truth, score_map: FloatArray) -> None:
        """Take one map (H, W) in [0, 1]; a hook of `evaluate`.

        Raises:
            DataError: If a file can't be written; names it.
        """
        if self._score_maps is not None:
            written = io.BytesIO()
            np.save(written, choe2020.at_side(score_map).astype(np.float32))
            _write(self._score_maps / method / f"{photograph.image_id}.npy", written.getvalue())
        if self._metadata is not None and photograph.image_id not in self._labels:
            self._describe(self._metadata / "masks", photograph, truth)

    def close(self) -> None:
        """Write the metadata.

        Raises:
            DataError: If a file can't be written.
        """
        if self._metadata is None:
            return
        write_metadata(self._metadata, Metadata(self._labels, self._sizes, self._boxes))
        if self._masks:
            labels = {image_id: self._labels[image_id] for image_id in self._masks}
            write_metadata(self._metadata / "masks", Metadata(labels, {}, masks=self._masks))

    def _describe(self, masks: Path, photograph: Photograph, truth: Truth) -> None:
        image_id, (height, width) = photograph.image_id, photograph.image.shape[:2]
        self._labels[image_id], self._sizes[image_id] = photograph.label or 0, (width, height)
        corners = truth.boxes.round().astype(int).tolist()
        self._boxes[image_id] = tuple((x0, y0, x1, y1) for x0, y0, x1, y1 in corners)
        if truth.mask is not None:
            nothing = np.zeros_like(truth.mask)  # that evaluator reads a mask of what to ignore in any case
            ignore = f"{image_id}.ignore.png"
            _write(masks / f"{image_id}.png", _png(truth.mask))
            _write(masks / ignore, _png(nothing if truth.ignore is None else truth.ignore))
            self._masks[image_id] = Masks((f"{image_id}.png",), ignore)


def _png(mask: NDArray[np.bool_]) -> bytes:
    return bytes(cv2.imencode(".png", mask.astype(np.uint8) * 255)[1])


def _write(path: Path, data: bytes) -> None:
    try:
        write_atomic(path, data)
    except OSError as error:
        raise DataError(f"{path}: can't be written ({error.strerror})") from error
