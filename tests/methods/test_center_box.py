from __future__ import annotations

import pytest
import torch

from aln.errors import ConfigError
from aln.methods.center_box import center_box
from aln.methods.max_box import max_box
from tests.small_model import small_networks


@pytest.mark.parametrize(
    ("size", "side", "box"),
    [
        pytest.param((10, 10), 0.8, (1, 1, 9, 9), id="square"),
        pytest.param((10, 20), 0.5, (5, 2, 15, 8), id="centre-of-a-pixel-on-the-edge-is-inside"),
        pytest.param((64, 64), 0.8, (6, 6, 58, 58), id="rounded-to-whole-pixels"),
        pytest.param((7, 5), 1.0, (0, 0, 5, 7), id="whole"),
    ],
)
def test_box_of_a_side(size: tuple[int, int], side: float, box: tuple[int, int, int, int]) -> None:
    scores = center_box(
        small_networks(), torch.zeros(2, 3, *size), torch.zeros(2, dtype=torch.int64), side=side
    )
    expected = torch.zeros(2, *size)
    expected[:, box[1] : box[3], box[0] : box[2]] = 1
    assert torch.equal(scores, expected)


@pytest.mark.parametrize("side", [0.0, -0.1, 1.01, float("nan")])
def test_a_side_out_of_range_is_refused(side: float) -> None:
    with pytest.raises(ConfigError, match="side="):
        center_box(small_networks(), torch.zeros(1, 3, 8, 8), torch.zeros(1, dtype=torch.int64), side=side)


def test_the_whole_image_is_flat() -> None:
    scores = max_box(small_networks(), torch.zeros(2, 3, 8, 9), torch.zeros(2, dtype=torch.int64))
    assert torch.equal(scores, torch.ones(2, 8, 9))
