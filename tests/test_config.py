"""Settings: what is refused, and how that is told."""

from __future__ import annotations

import re

import pytest

from aln.config import load_config
from aln.errors import ConfigError


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            ["balance.area_weight_min=2", "balance.area_weight_max=1.5"],
            "balance: area_weight_min 2 must not be above area_weight_max 1.5",
        ),
        (["model.corruption_widths=[]"], "model.corruption_widths: Tuple should have at least 1 item"),
        (
            ["model.classifier_widths=[]", "model.classifier_pools=[]"],
            "model.classifier_widths: Tuple should have at least 1 item",
        ),
        (
            ["training.seed=9223372036854775808"],
            "training.seed: Input should be less than",
        ),
        (["training.seed=-1"], "training.seed: Input should be greater than or equal to 0"),
    ],
)
def test_settings_that_are_refused(settings: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        load_config(overrides=settings)
