"""Run lengths: there and back, as pycocotools reads them, and refused where they fit no mask."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray
from pycocotools import mask as coco

from aln.errors import DataError
from aln.web.rle import from_counts, to_counts

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # pycocotools
masks = arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=9))


@given(masks)
def test_masks_come_back(mask: NDArray[np.bool_]) -> None:
    assert np.array_equal(from_counts(to_counts(mask), *mask.shape), mask)


@given(masks)
def test_pycocotools_reads_them(mask: NDArray[np.bool_]) -> None:
    height, width = mask.shape
    encoded = coco.frPyObjects({"size": [height, width], "counts": to_counts(mask)}, height, width)
    assert np.array_equal(coco.decode(encoded), mask)


@pytest.mark.parametrize(
    "counts",
    [[], [5], [7], [2, 2, 3], [8, -2], [2**70]],
    ids=["none", "too few", "too many", "too many in parts", "negative", "huge"],
)
def test_runs_that_fit_no_mask_are_refused(counts: list[int]) -> None:
    with pytest.raises(DataError, match="3x2 pixels"):
        from_counts(counts, 2, 3)
