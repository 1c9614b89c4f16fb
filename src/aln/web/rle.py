"""Masks as COCO's uncompressed run lengths: how page, review files and REST exchange them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aln.errors import DataError
from aln.localization import BoolArray


def to_counts(mask: BoolArray) -> list[int]:
    """Run lengths of a mask (H, W), column by column; the background comes first (0 where there is none)."""
    flat = mask.ravel(order="F")
    edges = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    counts: list[int] = np.diff(edges, prepend=0, append=flat.size).tolist()
    return [0, *counts] if flat[0] else counts


def from_counts(counts: Sequence[int], height: int, width: int) -> BoolArray:
    """The mask bool (H, W) that `to_counts` turned into `counts`.

    Raises:
        DataError: If the runs are not those of a mask of this size.
    """
    if any(count < 0 for count in counts) or sum(counts) != height * width:
        raise DataError(f"the mask's runs don't add up to {width}x{height} pixels")
    values = np.arange(len(counts)) % 2 == 1
    flat = np.repeat(values, np.asarray(counts, np.int64))
    return np.ascontiguousarray(flat.reshape(width, height).T)
