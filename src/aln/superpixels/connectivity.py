"""Label maps whose labels are connected pieces, none of them tiny. All of it linear in the pixels."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.int32]


def tidied(labels: Labels, smallest: float) -> Labels:
    """Any label map as int32 (H, W), 0..K-1 in raster order, each label one 4-connected piece.

    Args:
        labels: Integers (H, W), not empty; need be neither connected nor consecutive.
        smallest: Pieces with fewer pixels are joined to a neighbour.
    """
    return relabel(merge_small(connected_pieces(labels), smallest))


def connected_pieces(labels: Labels) -> Labels:
    """Give each 4-connected piece of equal labels a number of its own, int32 (H, W), from 0 without gaps.

    OpenCV finds components of binary images only, so the map is drawn at twice its size: pixels at even
    positions are set, a position between two pixels is set where their labels agree.
    """
    height, width = labels.shape
    links = np.zeros((2 * height - 1, 2 * width - 1), np.uint8)
    links[::2, ::2] = 1
    links[::2, 1::2] = labels[:, 1:] == labels[:, :-1]
    links[1::2, ::2] = labels[1:] == labels[:-1]
    _, pieces = cv2.connectedComponents(links, connectivity=4, ltype=cv2.CV_32S)
    return np.asarray(pieces[::2, ::2] - 1, np.int32)  # 0 was the background, which is no pixel


def merge_small(pieces: Labels, smallest: float) -> Labels:
    """Join every piece with fewer than `smallest` pixels to the neighbour that it shares most border with.

    Small pieces join in rounds (Borůvka's scheme): each round at least halves their number.

    Args:
        pieces: int32 (H, W), 0..K-1 without gaps, each label one connected piece.
        smallest: Number of pixels; pieces of this size or more stay unless a small one joins them.
    """
    while True:
        areas = np.bincount(pieces.ravel())
        small = areas < smallest
        if len(areas) == 1 or not small.any():
            return pieces
        target = _roots(_best_neighbours(pieces, small))
        _, numbers = np.unique(target, return_inverse=True)
        pieces = numbers.astype(np.int32)[pieces]


def relabel(pieces: Labels) -> Labels:
    """Number the labels 0..K-1 (given without gaps) in raster order of their first pixels."""
    flat = pieces.ravel()
    first = np.empty(int(flat.max()) + 1, np.int64)
    first[flat[::-1]] = np.arange(flat.size - 1, -1, -1)  # of repeated indices the last one assigned stays
    rank = np.empty(len(first), np.int32)
    rank[np.argsort(first)] = np.arange(len(first), dtype=np.int32)
    return rank[pieces]


def _best_neighbours(pieces: Labels, small: NDArray[np.bool_]) -> NDArray[np.int64]:
    """For each small piece the neighbour with the longest shared border; for each other piece itself."""
    low, high, length = _borders(pieces, small)
    order = np.argsort(length, kind="stable")  # one total order for both directions: no cycles beyond pairs
    low, high = low[order], high[order]
    itself = np.arange(len(small))
    best = itself.copy()
    source = np.stack([low, high], axis=1).ravel()
    best[source] = np.stack([high, low], axis=1).ravel()  # the last one assigned, the longest border, stays
    return np.where(small, best, itself)


def _borders(
    pieces: Labels, small: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Pairs (low label, high label) with a small piece in them, and their border's length in pixel edges."""
    one = np.concatenate([pieces[:, 1:].ravel(), pieces[1:].ravel()])
    other = np.concatenate([pieces[:, :-1].ravel(), pieces[:-1].ravel()])
    wanted = np.flatnonzero((one != other) & (small[one] | small[other]))
    one, other = one[wanted].astype(np.int64), other[wanted].astype(np.int64)
    pairs = np.minimum(one, other) * len(small) + np.maximum(one, other)
    pairs, length = np.unique(pairs, return_counts=True)
    return pairs // len(small), pairs % len(small), length


def _roots(parent: NDArray[np.int64]) -> NDArray[np.int64]:
    """Follow the pointers to their ends; of two that point at each other the first is the end."""
    index = np.arange(len(parent))
    parent = np.where((parent[parent] == index) & (index < parent), index, parent)
    while (parent[parent] != parent).any():
        parent = parent[parent]
    return parent
