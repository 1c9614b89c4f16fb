"""Hide-and-Seek's grids."""

from __future__ import annotations

import pytest
import torch

from aln.training.variants.has import GRIDS, hidden_patches

SIDES = [round(part * 64) for part in GRIDS]


def noise(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def naive_fits(mask: torch.Tensor, patch: int) -> bool:
    """Whether `mask` is constant on every patch of a grid, looked at patch by patch."""
    if not patch:
        return not mask.any()
    side = len(mask)
    patches = [
        mask[y : y + patch, x : x + patch] for y in range(0, side, patch) for x in range(0, side, patch)
    ]
    return all(bool((piece == piece[0, 0]).all()) for piece in patches)


def test_patches_have_the_papers_size_relative_to_the_image() -> None:
    assert SIDES == [0, 5, 9, 13, 16]


def test_every_mask_lies_on_one_of_the_grids() -> None:
    masks = hidden_patches(60, 64, 0.5, noise())
    assert set(masks.flatten().tolist()) == {0.0, 1.0}
    fitting = [[patch for patch in SIDES if naive_fits(mask, patch)] for mask in masks]
    assert all(fitting)
    assert {patches[0] for patches in fitting} == set(SIDES)  # each grid has its turn


@pytest.mark.parametrize("hide", [0.0, 0.3, 1.0])
def test_patches_are_hidden_as_often_as_asked(hide: float) -> None:
    masks = hidden_patches(600, 64, hide, noise())
    share = masks[masks.any(2).any(1)].mean() if hide == 1 else masks.mean() / 0.8  # a fifth stay whole
    assert float(share if hide else masks.sum()) == pytest.approx(hide, abs=0.04)


def test_the_same_noise_gives_the_same_masks() -> None:
    assert torch.equal(hidden_patches(9, 32, 0.5, noise(4)), hidden_patches(9, 32, 0.5, noise(4)))
    assert not torch.equal(hidden_patches(9, 32, 0.5, noise(4)), hidden_patches(9, 32, 0.5, noise(5)))
