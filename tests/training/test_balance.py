"""The balance: where the target lies, who trains, and which way λ goes."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aln.config import BalanceConfig
from aln.training.balance import Balance

unit = st.floats(0, 1)


def _balance(config: BalanceConfig, *, accuracy: float = 0.9, area: float = 0.25) -> Balance:
    """Four classes (chance 0.25), clean accuracy 0.85."""
    balance = Balance.start(config, 0.25, clean_accuracy=0.85, area=area)
    balance.accuracy = accuracy
    return balance


@pytest.mark.parametrize(
    ("chance", "clean", "fraction", "target"),
    [
        (0.001, 0.6, 0.165, 0.1),  # the poster's 10 % of 1000 classes
        (0.25, 0.85, 0.0, 0.25),
        (0.25, 0.85, 1.0, 0.85),
        (0.25, 0.85, 0.5, 0.55),
        (0.5, 0.5, 0.5, 0.5),
        (0.9, 0.97, 0.4, 0.928),  # one class has nine images of ten
        (0.5, 0.3, 0.5, 0.5),  # worse than chance: the target stays at chance
    ],
)
def test_the_target_lies_between_chance_and_clean(
    chance: float, clean: float, fraction: float, target: float
) -> None:
    balance = Balance.start(BalanceConfig(target_fraction=fraction), chance, clean, area=0.25)
    assert balance.target_accuracy == pytest.approx(target, abs=2e-3)


@given(st.floats(0.001, 1), unit, unit)
def test_the_target_is_never_below_chance(chance: float, clean: float, fraction: float) -> None:
    balance = Balance.start(BalanceConfig(target_fraction=fraction), chance, clean, area=0.25)
    assert chance <= balance.target_accuracy <= max(clean, chance) + 1e-9


@pytest.mark.parametrize(
    ("gate", "accuracy", "trains"),
    [(True, 0.5, True), (True, 0.55, False), (True, 0.6, False), (False, 0.5, True), (False, 0.6, True)],
)
def test_the_classifier_trains_only_below_the_target(gate: bool, accuracy: float, trains: bool) -> None:
    config = BalanceConfig(gate=gate, target_fraction=0.5)  # target 0.55
    assert _balance(config, accuracy=accuracy).classifier_trains is trains


@pytest.mark.parametrize(
    ("steer", "accuracy", "area", "factor"),
    [
        ("accuracy", 0.5, 0.9, math.exp(0.1)),  # confused too much: masks get dearer, whatever their area
        ("accuracy", 0.6, 0.0, math.exp(-0.1)),  # not confused enough: cheaper
        ("area", 0.5, 0.2, 1.0),  # on target, whatever the accuracy
        ("area", 0.5, 0.3, math.exp(0.05)),  # half too large
        ("area", 0.5, 0.1, math.exp(-0.05)),  # half too small
        ("area", 0.5, 1.0, math.exp(0.1)),  # never faster than the rate
        ("none", 0.5, 1.0, 1.0),
    ],
)
def test_which_way_the_area_weight_goes(steer: str, accuracy: float, area: float, factor: float) -> None:
    settings = {"target_fraction": 0.5, "target_area": 0.2, "rate": 0.1, "momentum": 0, "area_weight": 2}
    config = BalanceConfig.model_validate({"steer": steer, **settings})
    balance = _balance(config)
    balance.update(accuracy, area)
    assert balance.area_weight == pytest.approx(2 * factor)


@pytest.mark.parametrize(("accuracy", "bound"), [(0.0, 3.0), (1.0, 0.5)])
def test_the_area_weight_stops_at_its_bounds(accuracy: float, bound: float) -> None:
    config = BalanceConfig(area_weight_min=0.5, area_weight_max=3.0, rate=1.0, steer="accuracy")
    balance = _balance(config)
    for _ in range(50):
        balance.update(accuracy, 0.25)
    assert balance.area_weight == bound


def test_figures_run_with_momentum() -> None:
    balance = _balance(BalanceConfig(momentum=0.75), accuracy=0.8, area=0.4)
    balance.update(0.4, 0.8)
    assert balance.accuracy == pytest.approx(0.7)
    assert balance.area == pytest.approx(0.5)


@pytest.mark.parametrize("fixed", [1e-4, 3.5, 1e4])
def test_an_area_weight_that_nothing_steers_stays(fixed: float) -> None:
    balance = _balance(BalanceConfig(steer="none", area_weight=fixed, area_weight_min=0.5, area_weight_max=9))
    balance.update(0.1, 0.9)
    assert balance.area_weight == fixed


@given(
    st.lists(st.tuples(unit, unit), max_size=60),
    st.sampled_from(["accuracy", "area"]),
    unit,
    unit,
    st.floats(0, 1e6),
)
def test_the_area_weight_is_always_finite_and_within_bounds(
    seen: list[tuple[float, float]], steer: str, rate: float, target: float, start: float
) -> None:
    config = BalanceConfig.model_validate(
        {"steer": steer, "rate": rate, "target_area": target, "area_weight": start}
    )
    balance = _balance(config)
    for accuracy, area in seen:
        balance.update(accuracy, area)
        assert config.area_weight_min <= balance.area_weight <= config.area_weight_max


def test_state_round_trip() -> None:
    config = BalanceConfig(rate=0.3, steer="accuracy")
    balance = _balance(config)
    balance.update(0.2, 0.7)
    twin = Balance(config=config, **balance.state())
    for each in (balance, twin):
        each.update(0.3, 0.6)
    assert twin == balance
