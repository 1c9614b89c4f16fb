"""ACoL's two branches, written out pixel by pixel."""

from __future__ import annotations

import pytest
import torch

from aln.config import ModelConfig, load_config
from aln.models.classifier import Classifier
from aln.models.second_branch import SecondBranch, both_branches, stretched

CLASSES, SIDE = 3, 32


def shapes(pools: str) -> ModelConfig:
    settings = ["input_size=32", "classifier_widths=[4, 6, 8]", f"classifier_pools={pools}"]
    return load_config(overrides=[f"model.{setting}" for setting in settings]).model


def made(threshold: float, pools: str) -> tuple[Classifier, SecondBranch]:
    torch.manual_seed(0)
    config = shapes(pools)
    return Classifier(CLASSES, config).eval(), SecondBranch(CLASSES, config, threshold).eval()


@pytest.mark.parametrize("threshold", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("pools", ["[true, true, false]", "[true, false, true]"])
@torch.inference_mode()
def test_the_second_sees_what_the_first_does_not_look_at(threshold: float, pools: str) -> None:
    classifier, second = made(threshold, pools)
    images = torch.randn(5, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(1))
    labels = torch.tensor([0, 1, 2, 0, 1])
    found = both_branches(classifier, second, images, labels)
    assert torch.allclose(found.logits[0], classifier(images), atol=1e-6)
    shared = classifier.layers[1](classifier.layers[0](images))
    for index, label in enumerate(labels.tolist()):
        features = classifier.layers[2](shared[index : index + 1])[0]
        weights = classifier.head.weight[label]
        first_map = sum(weight * channel for weight, channel in zip(weights, features, strict=True))
        assert isinstance(first_map, torch.Tensor)
        assert torch.allclose(found.maps[0][index], first_map, atol=1e-6)
        scaled = (first_map - first_map.min()) / (first_map.max() - first_map.min())
        erased = shared[index].clone()
        step = erased.shape[1] // len(scaled)
        for y in range(erased.shape[1]):
            for x in range(erased.shape[2]):
                if scaled[y // step, x // step] >= threshold:
                    erased[:, y, x] = 0
        features = second.layer(erased[None])
        assert torch.allclose(found.logits[1][index], second.head(features.mean((2, 3)))[0], atol=1e-5)
        twin = torch.einsum("dhw,d->hw", features[0], second.head.weight[label])
        assert torch.allclose(found.maps[1][index], twin, atol=1e-5)


def test_what_is_erased_has_no_gradient_from_the_second_branch() -> None:
    classifier, second = made(0.6, "[true, true, false]")
    images = torch.randn(2, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(1))
    found = both_branches(classifier, second, images, torch.tensor([0, 1]))
    torch.autograd.backward(found.logits[1].sum())
    assert classifier.head.weight.grad is None
    assert all(p.grad is not None for p in classifier.layers[0].parameters())


def test_flat_maps_stay_finite() -> None:
    assert torch.equal(stretched(torch.full((2, 3, 3), 7.0)), torch.zeros(2, 3, 3))
    maps = stretched(torch.randn(4, 5, 6, generator=torch.Generator().manual_seed(0)))
    assert torch.equal(maps.amin((1, 2)), torch.zeros(4))
    assert torch.equal(maps.amax((1, 2)), torch.ones(4))


def test_the_threshold_travels_with_the_weights() -> None:
    state = made(0.45, "[true, true, false]")[1].state_dict()
    other = made(0.6, "[true, true, false]")[1]
    other.load_state_dict(state)
    assert float(other.erased_from) == pytest.approx(0.45)
