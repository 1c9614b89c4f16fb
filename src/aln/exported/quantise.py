"""Networks in 8-bit integers (static): ranges measured on photographs, for each channel of the weights."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime import quantization

from aln.methods.aln import LIKELIEST

BATCH = 16
QUANTISED = ["Conv", "Gemm"]
"""Operators that onnxruntime has 8-bit kernels for; the rest, superpixel means among it, stays as it is."""


class _Batches(quantization.CalibrationDataReader):  # type: ignore[misc]
    """Photographs at the networks' size and their superpixels, batch by batch."""

    def __init__(self, pixels: NDArray[np.uint8], segments: NDArray[np.int64]) -> None:
        whole: dict[str, NDArray[Any]] = {
            "pixels": pixels,
            "labels": segments,
            "wanted": np.full(len(pixels), LIKELIEST),
        }
        starts = range(0, len(pixels), BATCH)
        self._batches = (
            {name: values[start : start + BATCH] for name, values in whole.items()} for start in starts
        )

    def get_next(self) -> dict[str, Any] | None:
        return next(self._batches, None)


def quantised(
    networks: onnx.ModelProto, pixels: NDArray[np.uint8], segments: NDArray[np.int64]
) -> onnx.ModelProto:
    """What `aln.exported.graph.traced` gives, in int8.

    Args:
        networks: The graph in float32.
        pixels: Photographs to measure ranges on, uint8 (N, S, S, 3).
        segments: Their superpixels, int64 (N, S, S).
    """
    with TemporaryDirectory() as folder, _quiet():
        source, target = Path(folder) / "float32.onnx", Path(folder) / "int8.onnx"
        onnx.save(networks, source)
        quantization.quantize_static(
            source, target, _Batches(pixels, segments), op_types_to_quantize=QUANTISED, per_channel=True
        )
        return onnx.load(target)


@contextmanager
def _quiet() -> Iterator[None]:
    """onnxruntime advises, by the root logger, a pre-processing that torch's export has done already."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)
