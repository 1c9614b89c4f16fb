"""Each objective against a loop over its definition."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from aln.errors import ConfigError
from aln.training.objectives import OBJECTIVES

Row = list[float]


def _margin(row: Row, chosen: int) -> float:
    others = [value for index, value in enumerate(row) if index != chosen]
    return row[chosen] - sum(others) / len(others)


def _probability(row: Row, label: int) -> float:
    return math.exp(row[label]) / sum(math.exp(value) for value in row)


NAIVE: dict[str, Callable[[Row, int], float]] = {
    "margin_argmax": lambda row, _: _margin(row, row.index(max(row))),
    "margin_label": _margin,
    "log_probability": lambda row, label: math.log(_probability(row, label)),
    "probability": _probability,
}

each_objective = pytest.mark.parametrize("name", list(OBJECTIVES))


def _logits(classes: int = 5) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(classes)
    logits = 3 * torch.randn(7, classes, generator=generator)
    return logits.requires_grad_(), torch.randint(0, classes, (7,), generator=generator)


@each_objective
@pytest.mark.parametrize("classes", [2, 5, 30])
def test_equals_a_naive_loop(name: str, classes: int) -> None:
    logits, labels = _logits(classes)
    expected = [NAIVE[name](row, label) for row, label in zip(logits.tolist(), labels.tolist(), strict=True)]
    torch.testing.assert_close(OBJECTIVES[name](logits, labels), torch.tensor(expected))


@each_objective
@pytest.mark.parametrize("scale", [0.0, 1.0, 1e4])
def test_one_finite_differentiable_value_an_image(name: str, scale: float) -> None:
    logits, labels = _logits()
    values = OBJECTIVES[name](logits * scale, labels)
    assert values.shape == (7,)
    assert values.isfinite().all()
    (gradient,) = torch.autograd.grad(values.sum(), logits)
    assert gradient.isfinite().all()


@each_objective
def test_lowering_it_hurts_the_classifier(name: str) -> None:
    """Where the classifier is right, a step against the gradient makes the true class less likely."""
    logits, _ = _logits()
    labels = logits.argmax(1)
    (gradient,) = torch.autograd.grad(OBJECTIVES[name](logits, labels).sum(), logits)
    after = (logits - 0.1 * gradient).softmax(1).gather(1, labels[:, None])
    assert (after < logits.softmax(1).gather(1, labels[:, None])).all()


@given(st.lists(st.floats(-1e3, 1e3, width=32), min_size=2, max_size=9))
def test_margin_argmax_is_zero_only_for_equal_logits(row: list[float]) -> None:
    value = OBJECTIVES["margin_argmax"](torch.tensor([row]), torch.tensor([0])).item()
    rounding = 1e-3
    assert value >= -rounding
    spread = max(row) - min(row)
    assert value >= spread / (len(row) - 1) - rounding  # at least one logit lies that far below
    if spread == 0:
        assert value == pytest.approx(0, abs=rounding)


@pytest.mark.parametrize("depth", [10.0, 1e3, 1e6])
def test_margin_label_has_no_lower_bound(depth: float) -> None:
    logits = torch.tensor([[-depth, 0.0, 0.0]])
    assert OBJECTIVES["margin_label"](logits, torch.tensor([0])).item() == -depth
    assert OBJECTIVES["margin_argmax"](logits, torch.tensor([0])).item() == pytest.approx(depth / 2)


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(ConfigError, match="did you mean 'margin_label'"):
        OBJECTIVES["margin_labels"]
