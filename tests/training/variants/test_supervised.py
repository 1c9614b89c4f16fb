"""The supervised ceiling."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from aln.training.variants import VARIANTS
from aln.training.variants.supervised import box_ious


def naive_iou(one: list[float], other: list[float]) -> float:
    """Counted on a fine grid."""
    x, y = np.meshgrid((np.arange(400) + 0.5) / 400, (np.arange(400) + 0.5) / 400)
    inside = [(x >= a) & (x < c) & (y >= b) & (y < d) for a, b, c, d in (one, other)]
    return float((inside[0] & inside[1]).sum() / max((inside[0] | inside[1]).sum(), 1))


def test_ious_against_counting() -> None:
    corners = torch.rand(30, 2, 2, 2, generator=torch.Generator().manual_seed(0)).sort(2).values
    one, other = corners.flatten(2).unbind(1)
    found = box_ious(one, other).tolist()
    pairs = zip(one.tolist(), other.tolist(), strict=True)
    assert found == pytest.approx([naive_iou(*pair) for pair in pairs], abs=0.03)
    assert box_ious(one, one).tolist() == pytest.approx([1.0] * 30)


def test_it_is_the_only_one_that_is_not_weakly_supervised() -> None:
    assert [name for name in VARIANTS if not VARIANTS[name].weakly_supervised] == ["supervised"]
