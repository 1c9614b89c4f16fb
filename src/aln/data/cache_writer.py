"""Writes the files of an image cache one image at a time, and puts them in place in one step."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import numpy as np
from numpy.typing import NDArray

from aln.data.base import Image
from aln.errors import DataError


class CacheWriter:
    """A context that fills a temporary folder beside `folder` and removes it, unless `commit` was called.

    Only one writer may work on a folder at a time: the caller holds a lock.
    """

    def __init__(self, folder: Path, input_size: int) -> None:
        self.labels: list[int] = []
        self._ids: list[str] = []
        self._folder = folder
        self._building = folder.with_name(folder.name + ".building")
        self._size = input_size
        self._n_segments = 0
        self._sum = np.zeros(3)
        self._sum_of_squares = np.zeros(3)

    def __enter__(self) -> Self:
        shutil.rmtree(self._building, ignore_errors=True)
        with ExitStack() as undoing:
            undoing.callback(shutil.rmtree, self._building, ignore_errors=True)
            self._building.mkdir(parents=True)
            size = self._size
            self._images = _ArrayFile(self._building / "images.npy", np.uint8, (size, size, 3))
            undoing.callback(self._images.close)
            self._segments = _ArrayFile(self._building / "segments.npy", np.uint16, (size, size))
            undoing.callback(self._segments.close)
            self._undoing = undoing.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._undoing.close()

    def add(self, image: Image, segments: NDArray[np.int32], label: int, image_id: str) -> None:
        """Append one image uint8 (S, S, 3) and its superpixels (S, S)."""
        largest = int(segments.max())
        if largest > np.iinfo(np.uint16).max:
            raise DataError(f"{image_id}: has more than 65,536 superpixels; lower superpixels.count")
        self._images.append(image)
        self._segments.append(segments)
        self._n_segments = max(self._n_segments, largest + 1)
        pixels = image.reshape(-1, 3).astype(np.float64)
        self._sum += pixels.sum(0)
        self._sum_of_squares += (pixels**2).sum(0)
        self.labels.append(label)
        self._ids.append(image_id)

    def commit(self, meta: dict[str, Any]) -> None:
        """Finish the files, force them to disk, rename the folder; `meta` becomes a part of `meta.json`."""
        self._images.finish()
        self._segments.finish()
        if self._n_segments <= 256:
            _narrow(self._building / "segments.npy")
        with (self._building / "labels.npy").open("wb") as file:
            np.save(file, np.array(self.labels, np.int64))
            _sync(file)
        with (self._building / "meta.json").open("wb") as file:
            file.write(json.dumps({**meta, **self._statistics(), "ids": self._ids}).encode())
            _sync(file)
        shutil.rmtree(self._folder, ignore_errors=True)
        self._building.rename(self._folder)
        _sync_folder(self._folder.parent)

    def _statistics(self) -> dict[str, Any]:
        pixels = len(self._ids) * self._size**2
        mean = self._sum / pixels
        variance = self._sum_of_squares / pixels - mean**2
        std = np.sqrt(variance.clip(min=1.0))  # at least one grey level, for images of one colour
        return {"mean": list(mean / 255), "std": list(std / 255), "n_segments": self._n_segments}


class _ArrayFile:
    """A .npy file that rows are appended to; `finish` writes their number into its header and closes it."""

    def __init__(self, path: Path, dtype: type[np.generic], row_shape: tuple[int, ...]) -> None:
        self._dtype = dtype
        self._row_shape = row_shape
        self._rows = 0
        self._file = path.open("wb")
        self._write_header()

    def append(self, row: NDArray[Any]) -> None:
        self._file.write(np.ascontiguousarray(row, self._dtype).data)
        self._rows += 1

    def finish(self) -> None:
        self._file.seek(0)
        self._write_header()
        _sync(self._file)
        self._file.close()

    def close(self) -> None:
        """Give the file up, if it is not finished; what a full disk doesn't take is lost."""
        with suppress(OSError):
            self._file.close()

    def _write_header(self) -> None:
        """NumPy pads headers so that the first dimension can grow without moving the data."""
        descr = np.lib.format.dtype_to_descr(np.dtype(self._dtype))
        header = {"descr": descr, "fortran_order": False, "shape": (self._rows, *self._row_shape)}
        np.lib.format.write_array_header_1_0(self._file, header)


def _narrow(path: Path) -> None:
    """Rewrite a uint16 array as uint8."""
    narrow_path = path.with_suffix(".narrow")
    _write_narrow(path, narrow_path)  # its memory map is gone by now: Windows replaces no file in use
    narrow_path.replace(path)


def _write_narrow(path: Path, narrow_path: Path) -> None:
    """Write a uint16 array as uint8 to another file, row by row."""
    wide = np.load(path, mmap_mode="r")
    with closing(_ArrayFile(narrow_path, np.uint8, wide.shape[1:])) as narrow:
        for row in wide:
            narrow.append(row)
        narrow.finish()


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    if os.name != "posix":  # elsewhere a folder can't be opened
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
