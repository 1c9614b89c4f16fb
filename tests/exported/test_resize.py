"""The resize inside the graph gives OpenCV's bytes, not merely something near them."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import onnxruntime
import pytest
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from aln.data.images import resize_to_input
from aln.exported.graph import head

LENGTHS = st.integers(1, 300)


@cache
def session(side: int) -> Any:
    return onnxruntime.InferenceSession(head(side).SerializeToString(), providers=["CPUExecutionProvider"])


def resized(images: np.ndarray, side: int) -> np.ndarray:
    segments = np.zeros((1, side, side), np.int64)
    given = {"images": images, "segments": segments, "classes": np.array([-1])}
    (pixels,) = session(side).run(["pixels"], given)
    return np.asarray(pixels)


@pytest.mark.parametrize("side", [32, 48, 64])
@hypothesis_settings(max_examples=40)
@given(height=LENGTHS, width=LENGTHS, seed=st.integers(0, 9))
@example(height=64, width=64, seed=0).via("one in size 64, two by two in size 32")
@example(height=128, width=192, seed=0).via("divides without a rest, ties")
@example(height=256, width=128, seed=0).via("divides, an even number of pixels each")
@example(height=144, width=96, seed=0).via("divides by 48")
@example(height=375, width=500, seed=0).via("a usual photograph")
@example(height=1, width=1, seed=0).via("one pixel")
@example(height=20, width=300, seed=0).via("grows one way, shrinks the other")
def test_any_size_comes_out_as_from_opencv(side: int, height: int, width: int, seed: int) -> None:
    image = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    assert np.array_equal(resized(image[None], side)[0], resize_to_input(image, side))


def test_a_batch_is_resized_image_by_image() -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, 70, 45, 3), dtype=np.uint8)
    assert np.array_equal(resized(images, 32), [resize_to_input(image, 32) for image in images])
