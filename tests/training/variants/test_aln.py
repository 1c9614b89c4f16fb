"""Settings that the game can't be played with."""

from __future__ import annotations

import re

import pytest

from aln.errors import ConfigError
from aln.training.variants import chosen_variant
from tests.conftest import tiny_config

GATE, STEER = "balance.gate=false", "balance.steer=none"
STATISTICS = "training.freeze_statistics=false"


@pytest.mark.parametrize(
    ("settings", "changes"),
    [
        ((), (STATISTICS, GATE)),
        ((STATISTICS,), (GATE,)),
        ((GATE,), (STATISTICS,)),
        ((GATE, "model.classifier_norm=group"), ()),
        (("balance.steer=accuracy",), (STATISTICS, GATE, STEER)),
        (("balance.steer=accuracy", STATISTICS, GATE), (STEER,)),
        (("balance.steer=area", STATISTICS, GATE), ()),
    ],
)
def test_a_game_without_a_start(settings: tuple[str, ...], changes: tuple[str, ...]) -> None:
    """Where the balance goes by an untrained classifier's accuracy, that one would never train."""
    none = ("training.warmup_epochs=0", *settings)
    if changes:
        advice = re.escape(f"or else set {' and '.join(changes)}")
        with pytest.raises(ConfigError, match=rf"^training\.warmup_epochs=0: .*at least 1.* {advice}$"):
            chosen_variant(tiny_config(*none))
    chosen_variant(tiny_config(*none, *changes))
    chosen_variant(tiny_config(*none, "training.warm_start=model"))
