"""CutMix: the box, the collage, the mixed loss."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from aln.training.variants.cutmix import CutMix, cut_box, mixed
from tests.training.variants.made_up import made, moment, noise


@pytest.mark.parametrize("kept", [0.0, 0.1, 0.5, 0.75, 0.99, 1.0])
def test_the_box_against_a_naive_twin(kept: float) -> None:
    for seed in range(50):
        rows, columns = cut_box(kept, 40, 64, np.random.default_rng(seed))
        twin = np.random.default_rng(seed)
        for found, length in ((rows, 40), (columns, 64)):
            cut = int(length * math.sqrt(1 - kept))
            centre = twin.integers(length)
            inside = [i for i in range(length) if centre - cut // 2 <= i < centre + cut // 2]
            assert list(range(length))[found] == inside


def test_collages_are_two_images_and_their_shares_are_counted() -> None:
    images = torch.arange(8.0).view(8, 1, 1, 1).expand(8, 3, 32, 32).contiguous()
    before = images.clone()
    collages, order, kept = mixed(images, 1.0, noise(3))
    assert torch.equal(images, before)
    assert sorted(order.tolist()) == list(range(8))
    for index, (collage, other) in enumerate(zip(collages, order.tolist(), strict=True)):
        assert set(collage.flatten().tolist()) <= {float(index), float(other)}
        if index != other:
            assert float((collage == index).float().mean()) == pytest.approx(kept)


def test_shares_follow_the_beta_distribution() -> None:
    flat = torch.zeros(2, 3, 32, 32)
    kept = [mixed(flat, 1.0, noise(seed))[2] for seed in range(200)]
    assert min(kept) < 0.4
    assert max(kept) > 0.95
    extreme = [mixed(flat, 0.1, noise(seed))[2] for seed in range(200)]
    assert np.mean(np.array(extreme) > 0.95) > np.mean(np.array(kept) > 0.95)


def test_labels_are_mixed_by_area() -> None:
    variant, batch = made(CutMix)
    images, order, kept = _twin_mix(batch.images)
    loss, _ = variant.loss(batch, moment())
    variant.classifier.train()
    logits = variant.classifier(images)
    losses = F.cross_entropy(logits, batch.labels), F.cross_entropy(logits, batch.labels[order])
    assert torch.allclose(loss, kept * losses[0] + (1 - kept) * losses[1], rtol=1e-5)


def test_a_batch_may_stay_whole() -> None:
    variant, batch = made(CutMix, "training.variant_options.probability=0")
    loss, _ = variant.loss(batch, moment())
    assert torch.allclose(loss, F.cross_entropy(variant.classifier(batch.images), batch.labels))


def _twin_mix(images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, float]:
    generator = moment().noise
    torch.rand((), generator=generator)  # whether the batch is mixed
    return mixed(images, 1.0, generator)
