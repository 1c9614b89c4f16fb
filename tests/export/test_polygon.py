"""Polygons give the very same mask back, in pycocotools and where coordinates are cut to whole pixels."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray
from pycocotools import mask as rle

from aln.export.polygon import corner_polygon, inner_polygon

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # pycocotools

Mask = NDArray[np.bool_]


def largest_part(mask: Mask) -> Mask:
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    return np.asarray(labels == 1 + stats[1:, cv2.CC_STAT_AREA].argmax())


masks = arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=12), elements=st.integers(0, 3).map(bool))


@given(masks)
def test_corners_come_back_exactly(mask: Mask) -> None:
    assume(mask.any())
    mask = largest_part(mask)
    polygon = corner_polygon(mask).ravel().astype(float).tolist()
    drawn = rle.decode(rle.merge(rle.frPyObjects([polygon], *mask.shape)))
    assert np.array_equal(drawn, mask)


@pytest.mark.parametrize("to_pixels", [np.trunc, np.round], ids=["cut off", "rounded"])
@given(masks)
def test_inner_points_come_back_exactly(
    to_pixels: Callable[[object], NDArray[np.float64]], mask: Mask
) -> None:
    assume(mask.any())
    mask = largest_part(mask)
    drawn = np.zeros(mask.shape, np.uint8)
    cv2.fillPoly(drawn, [to_pixels(inner_polygon(mask)).astype(np.int32)], [1])
    assert np.array_equal(drawn, mask)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (["#"], {(0, 0), (0, 1), (1, 1), (1, 0)}),
        (["###"], {(0, 0), (0, 1), (3, 1), (3, 0)}),
        (["#.", "##"], {(0, 0), (0, 2), (2, 2), (2, 1), (1, 1), (1, 0)}),
    ],
    ids=["one pixel", "a row", "an L"],
)
def test_only_corners_are_kept(rows: list[str], expected: set[tuple[int, int]]) -> None:
    polygon = corner_polygon(np.array([[letter == "#" for letter in row] for row in rows]))
    assert {(x, y) for x, y in polygon.tolist()} == expected
    assert len(polygon) == len(expected)


def test_a_large_mask_with_many_holes_takes_no_time() -> None:
    mask = np.ones((601, 601), bool)
    mask[1::6, 1::6] = False
    drawn = np.zeros(mask.shape, np.uint8)
    cv2.fillPoly(drawn, [inner_polygon(mask).astype(np.int32)], [1])
    assert np.array_equal(drawn, mask)
