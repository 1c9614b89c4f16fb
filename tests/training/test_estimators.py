"""Gradient estimators on images of three superpixels, where the exact gradient is a sum over eight masks."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest
import torch
from torch import Tensor

from aln.models.masking import logistic_noise
from aln.training.estimators import ESTIMATORS, Estimate, MaskingProblem
from aln.training.objectives import OBJECTIVES
from aln.training.steps import frozen

SEGMENTS = torch.tensor([[0, 0, 1], [0, 2, 1], [2, 2, 1]])
PROBABILITIES = (0.15, 0.5, 0.8)
LABEL = 1
TEMPERATURE = 0.7

each_estimator = pytest.mark.parametrize("name", list(ESTIMATORS))
each_drawing_estimator = pytest.mark.parametrize("name", [n for n in ESTIMATORS if n != "expectation"])
each_objective = pytest.mark.parametrize("objective", list(OBJECTIVES))
each_preserve_weight = pytest.mark.parametrize("preserve", [0.0, 0.6])


class _Net(torch.nn.Module):
    """A smooth classifier of 3×3 images, three classes."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first, self.second = torch.nn.Linear(27, 8), torch.nn.Linear(8, 3)

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.second(torch.tanh(self.first(images.flatten(1))))
        return 3 * logits


def _image() -> Tensor:
    return torch.randn(3, 3, 3, generator=torch.Generator().manual_seed(7))


def _problem(
    objective: str,
    *,
    images: int,
    masks: int,
    seed: int = 0,
    preserve: float = 0.0,
    classify: Callable[[Tensor], Tensor] | None = None,
) -> MaskingProblem:
    """The same image `images` times over: each copy gets masks of its own."""
    net = _Net().requires_grad_(False)
    return MaskingProblem(
        images=_image().expand(images, 3, 3, 3),
        labels=torch.full((images,), LABEL),
        segments=SEGMENTS.expand(images, 3, 3),
        probabilities=torch.tensor(PROBABILITIES).repeat(images, 1).requires_grad_(),
        classify=classify or net,
        objective=OBJECTIVES[objective],
        preserve_weight=preserve,
        temperature=TEMPERATURE,
        masks_per_image=masks,
        generator=torch.Generator().manual_seed(seed),
    )


def _value(mask: Tensor, objective: str, preserve: float = 0.0) -> Tensor:
    """What is lowered, under one mask (3,)."""
    return _one_value(mask, objective) - preserve * _one_value(1 - mask, objective)


def _one_value(mask: Tensor, objective: str) -> Tensor:
    """The objective under one mask (3,), pixel by pixel."""
    hidden = torch.stack([torch.stack([mask[int(label)] for label in row]) for row in SEGMENTS])
    masked = _image() * (1 - hidden)
    logits = _Net().requires_grad_(False)(masked.unsqueeze(0))
    return OBJECTIVES[objective](logits, torch.tensor([LABEL]))[0]


def _exact_gradient(objective: str, preserve: float) -> Tensor:
    """∇ Σ_mask q(mask) value(mask)."""
    p = torch.tensor(PROBABILITIES, requires_grad=True)
    total = torch.zeros(())
    for bits in product((0.0, 1.0), repeat=3):
        mask = torch.tensor(bits)
        chance = torch.where(mask == 1, p, 1 - p).prod()
        total = total + chance * _value(mask, objective, preserve)
    return torch.autograd.grad(total, p)[0]


def _gradients(estimate: Estimate, problem: MaskingProblem) -> Tensor:
    """The estimate of each image, (B, K): the surrogate is a mean over the images."""
    return torch.autograd.grad(estimate.surrogate, problem.probabilities)[0] * len(problem.labels)


@each_objective
@each_preserve_weight
@pytest.mark.parametrize("masks", [2, 4])
def test_rloo_is_unbiased(objective: str, preserve: float, masks: int) -> None:
    problem = _problem(objective, images=8_000, masks=masks, preserve=preserve)
    gradients = _gradients(ESTIMATORS["rloo"](problem), problem)
    exact = _exact_gradient(objective, preserve)
    error = gradients.std(0) / len(gradients) ** 0.5
    assert ((gradients.mean(0) - exact).abs() < 4 * error).all()
    assert (exact.abs() > 8 * error).any()  # enough draws to tell the gradient from none


@each_objective
def test_more_masks_make_rloo_less_noisy(objective: str) -> None:
    spreads = []
    for masks in (2, 8):
        problem = _problem(objective, images=2_000, masks=masks)
        spreads.append(_gradients(ESTIMATORS["rloo"](problem), problem).std(0))
    assert (spreads[1] < 0.7 * spreads[0]).all()


@each_objective
@each_preserve_weight
@pytest.mark.parametrize("masks", [1, 3])
def test_straight_through_is_the_gradient_at_the_hard_masks(
    objective: str, preserve: float, masks: int
) -> None:
    problem = _problem(objective, images=4, masks=masks, preserve=preserve)
    estimate = ESTIMATORS["straight_through"](problem)
    gradients = _gradients(estimate, problem)
    for image in range(4):
        leaves = [estimate.masks[m, image].clone().requires_grad_() for m in range(masks)]
        value = torch.stack([_value(leaf, objective, preserve) for leaf in leaves]).mean()
        expected = torch.stack(torch.autograd.grad(value, leaves)).sum(0)
        torch.testing.assert_close(gradients[image], expected)


@each_objective
@each_preserve_weight
@pytest.mark.parametrize("masks", [1, 3])
def test_concrete_is_the_gradient_through_relaxed_masks(objective: str, preserve: float, masks: int) -> None:
    problem = _problem(objective, images=4, masks=masks, preserve=preserve)
    noise = logistic_noise((masks, 4, 3), torch.Generator().manual_seed(0))
    p = torch.tensor(PROBABILITIES).repeat(4, 1).requires_grad_()
    z = (torch.log(p / (1 - p)) + noise) / TEMPERATURE
    relaxed = 1 / (1 + torch.exp(-z))
    values = [_value(relaxed[m, b], objective, preserve) for m in range(masks) for b in range(4)]
    (expected,) = torch.autograd.grad(torch.stack(values).mean(), p)
    estimate = ESTIMATORS["concrete"](problem)
    torch.testing.assert_close(_gradients(estimate, problem), expected * 4, rtol=1e-4, atol=1e-6)
    assert torch.equal(estimate.masks, (relaxed > 0.5).float())


@pytest.mark.parametrize("name", ["straight_through", "rloo"])
def test_value_and_logits_are_those_under_the_masks(name: str) -> None:
    problem = _problem("margin_label", images=5, masks=2)
    estimate = ESTIMATORS[name](problem)
    values = [_value(estimate.masks[m, b], "margin_label") for m in range(2) for b in range(5)]
    assert estimate.value == pytest.approx(torch.stack(values).mean().item(), rel=1e-5)
    assert estimate.logits.shape == (2, 5, 3)
    labels = torch.full((10,), LABEL)
    found = OBJECTIVES["margin_label"](estimate.logits.flatten(0, 1), labels)
    torch.testing.assert_close(found, torch.stack(values))


@each_objective
@each_preserve_weight
def test_expectation_is_the_gradient_at_the_probabilities(objective: str, preserve: float) -> None:
    problem = _problem(objective, images=4, masks=3, preserve=preserve)
    p = torch.tensor(PROBABILITIES, requires_grad=True)
    value = _value(p, objective, preserve)
    (expected,) = torch.autograd.grad(value, p)
    estimate = ESTIMATORS["expectation"](problem)
    torch.testing.assert_close(_gradients(estimate, problem), expected.expand(4, 3), rtol=1e-4, atol=1e-6)
    assert estimate.value == pytest.approx(value.item(), rel=1e-5)
    assert torch.equal(estimate.masks, problem.probabilities.detach().unsqueeze(0))
    assert not estimate.masks.requires_grad
    assert not estimate.logits.requires_grad


@each_drawing_estimator
def test_masks_are_hard_and_without_a_graph(name: str) -> None:
    estimate = ESTIMATORS[name](_problem("margin_argmax", images=300, masks=2))
    assert set(estimate.masks.flatten().tolist()) == {0.0, 1.0}
    assert not estimate.masks.requires_grad
    assert not estimate.logits.requires_grad
    torch.testing.assert_close(estimate.masks.mean((0, 1)), torch.tensor(PROBABILITIES), atol=0.1, rtol=0)


@each_drawing_estimator
def test_the_generator_decides_the_masks(name: str) -> None:
    draws = []
    for seed, elsewhere in ((1, 5), (1, 6), (2, 5)):
        torch.manual_seed(elsewhere)  # the global generator has no say
        draws.append(ESTIMATORS[name](_problem("margin_argmax", images=50, masks=2, seed=seed)).masks)
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])


@each_estimator
def test_no_gradient_reaches_the_frozen_classifier(name: str) -> None:
    net = _Net()
    problem = _problem("margin_argmax", images=3, masks=2, classify=net)
    with frozen(net):
        torch.autograd.backward(ESTIMATORS[name](problem).surrogate)
    assert problem.probabilities.grad is not None
    assert all(parameter.grad is None for parameter in net.parameters())


def test_rloo_needs_no_gradient_of_the_classifier() -> None:
    def steps(images: Tensor) -> Tensor:
        return torch.stack([(images.flatten(1).sum(1) > c).float() for c in (-1, 0, 1)], 1)

    problem = _problem("margin_label", images=2_000, masks=4, classify=steps)
    assert _gradients(ESTIMATORS["rloo"](problem), problem).mean(0).abs().max() > 0.01
