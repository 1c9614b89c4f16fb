"""Pieces, merging and numbering of label maps, against pictures small enough to read."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from aln.superpixels.connectivity import connected_pieces, merge_small, relabel, tidied


def grid(text: str) -> NDArray[np.int32]:
    """Rows of digits, separated by spaces."""
    return np.array([[int(c) for c in row] for row in text.split()], np.int32)


@pytest.mark.parametrize(
    ("labels", "pieces"),
    [
        ("7", "0"),
        ("55555", "00000"),
        ("010", "012"),
        ("110 001", "001 223"),  # diagonal neighbours are apart
        ("111 101 111", "000 010 000"),
        ("101 111", "010 000"),
    ],
    ids=["one pixel", "one row", "split label", "diagonal", "ring and hole", "joined later"],
)
def test_connected_pieces_in_raster_order(labels: str, pieces: str) -> None:
    assert np.array_equal(relabel(connected_pieces(grid(labels))), grid(pieces))


@pytest.mark.parametrize(
    ("pieces", "smallest", "merged"),
    [
        ("0011 0011", 4, "0011 0011"),
        ("0001 0001", 3, "0000 0000"),
        ("0012 0012", 3, "0011 0011"),
        ("0000 1123 1133", 2, "0000 1122 1122"),
        ("0001 0201 0001", 2, "0001 0001 0001"),
        ("01", 9, "00"),
    ],
    ids=["none small", "one", "two join each other", "longest of three borders", "inside another", "all"],
)
def test_small_pieces_join_the_longest_border(pieces: str, smallest: int, merged: str) -> None:
    assert np.array_equal(relabel(merge_small(grid(pieces), smallest)), grid(merged))


@pytest.mark.parametrize("smallest", [1, 2, 20, 400])
def test_no_piece_stays_small_in_noise(smallest: int) -> None:
    labels = np.random.default_rng(0).integers(0, 3, (50, 70)).astype(np.int32)
    found = tidied(labels, smallest)
    assert np.bincount(found.ravel()).min() >= smallest
    assert np.array_equal(relabel(connected_pieces(found)), found)
