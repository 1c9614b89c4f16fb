"""CASM: the masker's loss, the bank of past classifiers, who is attacked."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from aln.training.variants.casm import BANK, MASKING, WARM_UP, ClassifierAgnostic, masker_loss
from tests.training import made_up
from tests.training.variants.made_up import made, moment, noise


def naive_loss(clean: Any, masked: Any, labels: Any, areas: Any, weight: float) -> float:
    total = 0.0
    for clean_logits, logits, label, area in zip(clean, masked, labels, areas, strict=True):
        right = clean_logits.index(max(clean_logits)) == label
        wrong = logits.index(max(logits)) != label
        z = sum(math.exp(logit) for logit in logits)
        entropy = -sum(math.exp(logit) / z * math.log(math.exp(logit) / z) for logit in logits)
        if right:
            total -= entropy
        total -= weight * max((1.0 if right and wrong else 0.0) - area, 0.0)
    return total / len(labels)


@pytest.mark.parametrize("weight", [0.0, 1.0, 4.3])
def test_the_maskers_loss_against_a_naive_twin(weight: float) -> None:
    clean, masked = (torch.randn(40, 4, generator=noise(seed)) for seed in (0, 1))
    labels = torch.randint(4, (40,), generator=noise(2))
    areas = torch.rand(40, generator=noise(3))
    twin = naive_loss(clean.tolist(), masked.tolist(), labels.tolist(), areas.tolist(), weight)
    assert float(masker_loss(clean, masked, labels, areas, weight)) == pytest.approx(twin, rel=1e-4)


def test_area_costs_only_where_hiding_achieves_something() -> None:
    clean, labels = torch.eye(2) * 9, torch.tensor([0, 1])
    fooled, still_right = clean.flip(0), clean
    areas = torch.tensor([0.4, 0.4], requires_grad=True)
    torch.autograd.backward(masker_loss(clean, fooled, labels, areas, 2.0))
    assert areas.grad is not None
    assert areas.grad.tolist() == pytest.approx([1.0, 1.0])
    torch.autograd.backward(masker_loss(clean, still_right, labels, areas, 2.0))
    assert areas.grad.tolist() == pytest.approx([1.0, 1.0])  # nothing was added


def test_the_bank_keeps_every_so_many_and_never_too_many() -> None:
    variant, _ = made(ClassifierAgnostic, "training.variant_options.every=2")
    kept = []
    for step in range(2 * BANK + 6):
        with torch.no_grad():
            variant.classifier.head.bias.fill_(step)
        variant._remember(moment(seed=step))
        kept.append(len(variant.bank))
    assert kept[:6] == [1, 2, 2, 3, 3, 4]  # the first at once, then every second step
    assert kept[-1] == BANK
    values = sorted(int(past["head.bias"][0]) for past in variant.bank)
    assert len(set(values)) == BANK
    assert values[-1] == 2 * BANK + 5  # a full bank gives one up for the newest
    with torch.no_grad():
        variant.classifier.head.bias.fill_(-1)
    assert -1 not in {int(past["head.bias"][0]) for past in variant.bank}  # copies, not views


@pytest.mark.parametrize(("past", "times"), [(0.0, 0), (1.0, 40), (0.5, 20)])
def test_how_often_a_past_classifier_is_attacked(past: float, times: int) -> None:
    variant, _ = made(ClassifierAgnostic)
    variant._remember(moment())
    attacked = [variant._attacked(past, noise(seed)) for seed in range(40)]
    assert sum(weights is not None for weights in attacked) == pytest.approx(
        times, abs=8 if times == 20 else 0
    )


@pytest.mark.parametrize(("past", "classifier_steps"), [(0.0, 2), (1.0, 1)])
def test_the_classifier_learns_from_masks_that_attack_it(
    monkeypatch: pytest.MonkeyPatch, past: float, classifier_steps: int
) -> None:
    variant, batch = made(ClassifierAgnostic, f"training.variant_options.past={past}")
    taught: list[torch.Tensor] = []
    teach = variant._teach

    def noting(images: torch.Tensor, *rest: Any) -> float:
        taught.append(images)
        return teach(images, *rest)

    monkeypatch.setattr(variant, "_teach", noting)
    masker = made_up.weights(variant.masker)
    figures = variant.step(batch, moment(MASKING))
    assert len(taught) == classifier_steps
    assert torch.equal(taught[0], batch.images)
    assert not any(images.requires_grad for images in taught)
    assert not made_up.same(made_up.weights(variant.masker), masker)
    assert set(figures) == {"classifier_loss", "corruption_loss", "corrupted_accuracy", "area"}


def test_a_past_classifier_answers_with_its_own_weights() -> None:
    variant, batch = made(ClassifierAgnostic)
    variant.classifier.eval()
    with torch.no_grad():
        before = variant.classifier(batch.images)
        variant._remember(moment())
        variant.classifier.head.bias.add_(3.0)
        next(variant.classifier.buffers()).add_(0.5)  # a running mean
        assert torch.equal(variant._classify(batch.images, variant.bank[0]), before)
        assert not torch.equal(variant._classify(batch.images, None), before)


def test_the_warm_up_leaves_the_masker_alone() -> None:
    variant, batch = made(ClassifierAgnostic)
    before = made_up.weights(variant.masker)
    assert set(variant.step(batch, moment(WARM_UP))) == {"classifier_loss"}
    assert made_up.same(made_up.weights(variant.masker), before)
    assert variant.bank == []
    assert variant.maps(batch, WARM_UP) is None
    maps = variant.maps(batch, MASKING)
    assert maps is not None
    assert maps.shape == batch.segments.shape
