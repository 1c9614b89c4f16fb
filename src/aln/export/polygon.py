"""From a mask to one polygon that gives the very same mask back, holes included.

The mask is drawn twice as large and its contours followed. There a point with coordinates c = 2p is on the
left (upper) side of pixel p, and c = 2p + 1 on its right (lower) side; both the corners of the pixels and
points inside them follow from c. A hole is tied to the contour on its left by a cut along one row of pixels,
there and back, which has no area.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import cv2
import numpy as np
from numpy.typing import NDArray

from aln.localization import BoolArray

Points = NDArray[np.int64]

NEAR, FAR = 0.02, 0.48
"""Where `inner_polygon` puts points inside a pixel: cut off or rounded, they give the pixel's own number."""


def corner_polygon(mask: BoolArray) -> Points:
    """The mask's outline along the edges of its pixels, as COCO counts: the pixel (0, 0) is 0..1 wide.

    Args:
        mask: bool (H, W), one 8-connected part.

    Returns:
        int64 (P, 2), x and y; P ≥ 4. Drawn by pycocotools it is the mask again.
    """
    return _without_between((_traced(mask) + 1) // 2)


def inner_polygon(mask: BoolArray) -> NDArray[np.float64]:
    """The mask's outline just inside its outermost pixels, for readers that cut coordinates to whole pixels.

    Such readers fill all pixels that the polygon touches (`cv2.fillPoly`), so that an outline along the edges
    would come back one pixel too wide and too high.

    Returns:
        float64 (P, 2), x and y; at most 0.52 pixels from `corner_polygon`. Filled after `int` or `round` it
        is the mask again.
    """
    points = _without_between(_traced(mask))
    return np.where(points % 2, FAR, NEAR).astype(np.float64) + points // 2


def _traced(mask: BoolArray) -> Points:
    """All points of all contours in the doubled mask, (P, 2), in one closed walk."""
    doubled = mask.astype(np.uint8).repeat(2, axis=0).repeat(2, axis=1)
    contours, hierarchy = cv2.findContours(doubled, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    outer = next(i for i, link in enumerate(hierarchy[0]) if link[3] < 0)
    holes = [c[:, 0] for i, c in enumerate(contours) if i != outer]
    walk = contours[outer][:, 0].tolist()
    if not holes:
        return np.asarray(walk, np.int64)
    # Cuts go left, so a hole is tied to one that begins further left, or to the outline: never in a ring.
    ties: dict[tuple[int, int], list[list[list[int]]]] = {}
    for hole in holes:
        start = int(hole[:, 0].argmin())
        x, y = hole[start].tolist()
        background = np.flatnonzero(doubled[y, :x] == 0)
        end = (int(background[-1]) + 1 if len(background) else 0, y)
        ring = np.roll(hole, -start, axis=0).tolist()
        ties.setdefault(end, []).append([*ring, ring[0]])
    return np.asarray(_with_holes(walk, ties), np.int64)


def _with_holes(walk: list[list[int]], ties: dict[tuple[int, int], list[list[list[int]]]]) -> list[list[int]]:
    """`walk` with a detour around each hole where its cut ends; holes are tied to holes as well."""
    done: list[list[int]] = []
    stack: list[Iterator[list[int]]] = [iter(walk)]
    while stack:
        for point in stack[-1]:
            done.append(point)
            rings = ties.pop((point[0], point[1]), None)
            if rings:
                stack.append(chain.from_iterable([*ring, point] for ring in rings))
                break
        else:
            stack.pop()
    return done


def _without_between(points: Points) -> Points:
    """Points (P, 2) without repeated ones and those on a straight line between their neighbours."""
    points = points[(points != np.roll(points, 1, axis=0)).any(axis=1)]
    before, after = points - np.roll(points, 1, axis=0), np.roll(points, -1, axis=0) - points
    cross = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
    straight = (cross == 0) & ((before * after).sum(axis=1) > 0)
    return np.asarray(points[~straight])
