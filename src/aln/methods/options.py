"""Checks of the numbers that methods take."""

from __future__ import annotations

import math

from aln.errors import ConfigError


def at_least(name: str, value: float, low: int) -> int:
    """A whole number from `low` on.

    Raises:
        ConfigError: Naming the option.
    """
    if not (math.isfinite(value) and value == int(value) and value >= low):
        raise ConfigError(f"{name}={value:g} must be a whole number from {low} on")
    return int(value)


def share(name: str, value: float) -> float:
    """A number above 0 and at most 1.

    Raises:
        ConfigError: Naming the option.
    """
    if not 0 < value <= 1:
        raise ConfigError(f"{name}={value:g} must be above 0 and at most 1")
    return value
