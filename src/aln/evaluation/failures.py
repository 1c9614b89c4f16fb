"""What goes wrong where a box is wrong: the kind of each miss, and the worst ones of every class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from aln.boxes import FloatArray, iou
from aln.evaluation.metrics import CORRECT_IOU

Kind = Literal["too large", "only a part", "shifted", "elsewhere"]
KINDS: tuple[Kind, ...] = get_args(Kind)

MOST = 0.75
"""From this share on, a box holds (or lies in) another one."""

BESIDE = 0.1
"""Below this IoU two boxes, neither in the other, have nothing to do with each other."""


def kind_of_miss(found: FloatArray, truth: FloatArray) -> Kind:
    """What is wrong with a found box (4,), judged against the true box of (N, 4) that it fits best.

    "too large": it holds three quarters of the object or more, and too much else. "only a part": three
    quarters of it or more lie on the object. "elsewhere": of the others, those of IoU below 0.1. "shifted":
    the rest. At 0.75 a box of the first two kinds at once would have an IoU of 0.6 and be no miss.
    """
    overlaps = iou(found[None], truth)[0]
    best = int(overlaps.argmax())
    sides = np.minimum(found[2:], truth[best, 2:]) - np.maximum(found[:2], truth[best, :2])
    common = sides.clip(min=0).prod(dtype=np.float64)
    if common >= MOST * _area(truth[best]):
        return "too large"
    if common >= MOST * _area(found):
        return "only a part"
    return "elsewhere" if overlaps[best] < BESIDE else "shifted"


def worst(ious: NDArray[np.floating], labels: Sequence[int], count: int) -> list[int]:
    """Indices of at most `count` misses (IoU < 0.5), the worst of every class before the second-worst of any.

    Args:
        ious: (n,), IoU of each image.
        labels: The class of each.
        count: How many to give.

    Returns:
        Indices by increasing IoU; of equal ones the earlier image comes first.
    """
    order = [int(i) for i in np.argsort(ious, kind="stable") if ious[i] < CORRECT_IOU]
    taken: dict[int, int] = {}
    rank = {}
    for index in order:
        rank[index] = taken[labels[index]] = taken.get(labels[index], -1) + 1
    fairly = sorted(order, key=lambda index: rank[index])[:count]  # stable: among equals the worse first
    return sorted(fairly, key=order.index)


def _area(box: FloatArray) -> float:
    return float((box[2:] - box[:2]).prod(dtype=np.float64))
