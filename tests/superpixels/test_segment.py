"""What every superpixel algorithm gives: connected, consecutive, deterministic, near the count, any size."""

from __future__ import annotations

from collections import deque

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from aln.config import SuperpixelConfig
from aln.errors import ConfigError
from aln.superpixels import ALGORITHMS, segment

KINDS = ("noise", "constant", "gradient")


def picture(kind: str, height: int, width: int) -> NDArray[np.uint8]:
    if kind == "noise":
        return np.random.default_rng(height * 1000 + width).integers(0, 256, (height, width, 3), np.uint8)
    if kind == "constant":
        return np.full((height, width, 3), 128, np.uint8)
    ramp = np.linspace(0, 255, width)[None, :, None] + np.zeros((height, 1, 3))
    return ramp.astype(np.uint8)


def naive_pieces(labels: NDArray[np.int32]) -> int:
    """Number of 4-connected pieces of equal labels, by flood fill."""
    height, width = labels.shape
    seen = np.zeros(labels.shape, bool)
    count = 0
    for start in np.ndindex(labels.shape):
        if seen[start]:
            continue
        count += 1
        seen[start] = True
        queue = deque([start])
        while queue:
            y, x = queue.popleft()
            for ny, nx in ((y + 1, x), (y - 1, x), (y, x + 1), (y, x - 1)):
                inside = 0 <= ny < height and 0 <= nx < width
                if inside and not seen[ny, nx] and labels[ny, nx] == labels[y, x]:
                    seen[ny, nx] = True
                    queue.append((ny, nx))
    return count


@pytest.mark.parametrize("algorithm", list(ALGORITHMS))
@settings(max_examples=60, deadline=None)
@given(
    height=st.integers(1, 80),
    width=st.integers(1, 80),
    count=st.integers(1, 200),
    kind=st.sampled_from(KINDS),
)
def test_any_image_becomes_connected_consecutive_pieces(
    algorithm: str, height: int, width: int, count: int, kind: str
) -> None:
    image = picture(kind, height, width)
    config = SuperpixelConfig(algorithm=algorithm, count=count)
    labels = segment(image, config)
    assert labels.shape == (height, width)
    assert labels.dtype == np.int32
    pieces = labels.max() + 1
    names, first = np.unique(labels, return_index=True)
    assert np.array_equal(names, np.arange(pieces))
    assert (np.diff(first) > 0).all(), "labels are numbered in raster order of their first pixels"
    assert naive_pieces(labels) == pieces
    possible = min(count, height * width)
    assert possible / 4 <= pieces <= 4 * possible
    assert np.array_equal(labels, segment(image, config)), "the same image gives the same labels"


@pytest.mark.parametrize("algorithm", list(ALGORITHMS))
@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (3, 500), (2, 2), (224, 224), (97, 301)])
def test_odd_sizes(algorithm: str, shape: tuple[int, int]) -> None:
    labels = segment(picture("noise", *shape), SuperpixelConfig(algorithm=algorithm, count=64))
    assert labels.shape == shape
    assert labels.max() < 256


@pytest.mark.parametrize("algorithm", ["slic", "seeds"])
def test_pieces_follow_a_strong_edge(algorithm: str) -> None:
    image = np.zeros((64, 64, 3), np.uint8)
    image[:, 29:] = 255  # not a multiple of the 8-pixel cells
    labels = segment(image, SuperpixelConfig(algorithm=algorithm))
    assert not set(labels[:, :28].ravel()) & set(labels[:, 30:].ravel())


@pytest.mark.parametrize("algorithm", ["slic", "seeds"])
def test_compactness_changes_the_cut(algorithm: str) -> None:
    image = picture("noise", 64, 64)
    loose = segment(image, SuperpixelConfig(algorithm=algorithm, compactness=1))
    tight = segment(
        image, SuperpixelConfig(algorithm=algorithm, compactness=5 if algorithm == "seeds" else 200)
    )
    assert not np.array_equal(loose, tight)


def test_the_default_is_registered() -> None:
    assert SuperpixelConfig().algorithm in ALGORITHMS


def test_an_unknown_algorithm_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match="did you mean 'slic'"):
        segment(picture("noise", 4, 4), SuperpixelConfig(algorithm="slik"))


@pytest.mark.parametrize(
    "image",
    [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32), np.zeros((0, 4, 3), np.uint8)],
    ids=["grey", "float", "empty"],
)
def test_what_is_no_rgb_image_is_refused(image: NDArray[np.uint8]) -> None:
    with pytest.raises(ValueError, match="uint8"):
        segment(image, SuperpixelConfig())
