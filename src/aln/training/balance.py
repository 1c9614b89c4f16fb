"""The balance of the two networks: who trains, and how much a masked pixel costs. Pure Python.

The poster aims at a fixed accuracy on corrupted images. Above it, λ falls and only the corruption net trains;
below it, λ rises and both train. With few classes, or one that is much larger than the others, the printed
10 % lies below chance (what naming the largest class always gets), so the target here lies between chance and
the accuracy on clean images.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from aln.config import BalanceConfig


@dataclass
class Balance:
    """State of the controller.

    Attributes:
        config: Its settings.
        chance: Accuracy of naming the largest class always, 0..1.
        clean_accuracy: Accuracy on clean images, 0..1.
        area_weight: λ, the cost of the masked area.
        accuracy: Running accuracy on corrupted images, 0..1.
        area: Running mean of the masked fraction, 0..1.
    """

    config: BalanceConfig
    chance: float
    clean_accuracy: float
    area_weight: float
    accuracy: float
    area: float

    @classmethod
    def start(cls, config: BalanceConfig, chance: float, clean_accuracy: float, area: float) -> Balance:
        """A controller before its first step: masks don't confuse anybody yet."""
        return cls(config, chance, clean_accuracy, config.area_weight, clean_accuracy, area)

    @property
    def target_accuracy(self) -> float:
        """Accuracy on corrupted images that the controller aims at."""
        return self.chance + self.config.target_fraction * max(self.clean_accuracy - self.chance, 0.0)

    @property
    def classifier_trains(self) -> bool:
        """Whether the classifier trains in this step, beside the corruption net."""
        return not self.config.gate or self.accuracy < self.target_accuracy

    def update(self, accuracy: float, area: float) -> None:
        """Take in a batch's accuracy on corrupted images and its masked fraction; move λ if it is steered."""
        keep = self.config.momentum
        self.accuracy = keep * self.accuracy + (1 - keep) * accuracy
        self.area = keep * self.area + (1 - keep) * area
        if self.config.steer != "none":
            self._move_area_weight()

    def state(self) -> dict[str, float]:
        """The numbers that a checkpoint holds: every field but the settings."""
        return {
            "chance": self.chance,
            "clean_accuracy": self.clean_accuracy,
            "area_weight": self.area_weight,
            "accuracy": self.accuracy,
            "area": self.area,
        }

    def _move_area_weight(self) -> None:
        moved = self.area_weight * math.exp(self.config.rate * self._pressure())
        self.area_weight = min(max(moved, self.config.area_weight_min), self.config.area_weight_max)

    def _pressure(self) -> float:
        """Which way λ goes, -1..1: up where masks should shrink."""
        if self.config.steer == "accuracy":
            return 1.0 if self.accuracy < self.target_accuracy else -1.0
        target = max(self.config.target_area, 1e-3)
        return min(max((self.area - target) / target, -1.0), 1.0)
