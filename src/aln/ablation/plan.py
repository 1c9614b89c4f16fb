"""Which trainings an ablation needs, and where each is kept.

    <out>/warm-starts/seed-0                 the classifier that all arms of seed 0 begin with
    <out>/warm-starts/seed-1000              the fresh one: no arm begins with it, all masks are shown to it
    <out>/warm-starts/warmup_occlusion=0.0-seed-0    that of an arm which changes the warm-up itself
    <out>/arms/trainable_layers=0-seed-0     an arm, named after what it changes in the recipe

An arm that two ablations share (the recipe itself) is trained once, and so are arms that differ in nothing
but how they localize.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aln.ablation.registry import ABLATIONS, Ablation, Arm
from aln.config import Config, load_config

FRESH = 1000
"""Seed of the classifier that no arm begins with."""

ArmKey = tuple[Path, str, str]
"""What no other arm has: the folder of its training, and the method and rule that it is measured with."""


@dataclass(frozen=True)
class Run:
    """One training, the folder where it is kept, and how its model localizes."""

    config: Config
    folder: Path

    @property
    def key(self) -> ArmKey:
        """What tells it from all other arms."""
        return self.folder, self.config.localize.method, self.config.localize.rule


@dataclass(frozen=True)
class Plan:
    """Everything that is to be trained.

    Attributes:
        names: Of the ablations.
        preset: The recipe that arms change.
        settings: Overrides of the recipe, for all arms and for the warm starts.
        data: Where the photographs are, as the section of that name.
        seeds: At least one, none of them `FRESH`.
        out: The folder for everything.
    """

    names: tuple[str, ...]
    preset: str
    settings: tuple[str, ...]
    data: dict[str, Any]
    seeds: tuple[int, ...]
    out: Path

    @property
    def ablations(self) -> dict[str, Ablation]:
        """The ablations by name; raises ConfigError for an unknown one."""
        return {name: ABLATIONS[name] for name in self.names}

    def warm_starts(self) -> list[Run]:
        """The warm start of every seed, and the fresh classifier."""
        return [self.warm_start(seed) for seed in (*self.seeds, FRESH)]

    def other_warm_starts(self) -> list[Run]:
        """Those of arms that change the warm-up itself."""
        arms = [arm for ablation in self.ablations.values() for arm in ablation.arms if _warm_up_changes(arm)]
        return [self.warm_start(seed, arm) for seed in self.seeds for arm in arms]

    def warm_start(self, seed: int, arm: Arm | None = None) -> Run:
        """The classifier alone, trained by the recipe's warm-up, or by that of an arm that changes it."""
        training = {"seed": seed, "variant": "classifier"}
        changes = _warm_up_changes(arm) if arm else ()
        recipe, config = self._config(training), self._config(training, changes)
        name = f"{_changes(recipe, config)}-seed-{seed}" if changes else f"seed-{seed}"
        return Run(config, self.out / "warm-starts" / name)

    def arms(self) -> list[Run]:
        """All different arms: every one with the first seed, then with the next."""
        runs = {
            run.key: run
            for seed in self.seeds
            for ablation in self.ablations.values()
            for run in (self.arm(arm, seed) for arm in ablation.arms)
        }
        return list(runs.values())

    def trainings(self) -> list[Run]:
        """The arms that are trained: one of those that share a training."""
        return list({run.folder: run for run in reversed(self.arms())}.values())[::-1]

    def arm(self, arm: Arm, seed: int) -> Run:
        """An arm: the recipe with the arm's changes, from its warm start on."""
        start = self.warm_start(seed, arm).folder
        training = {"seed": seed, "warmup_epochs": 0, "warm_start": str(start)}
        recipe, config = self._config(training), self._config(training, arm.settings)
        return Run(config, self.out / "arms" / f"{_changes(recipe, config)}-seed-{seed}")

    def _config(self, training: dict[str, Any], changes: Sequence[str] = ()) -> Config:
        config = load_config(self.preset, [*self.settings, *changes], settings={"data": self.data})
        return config.model_copy(update={"training": config.training.model_copy(update=training)})


def _warm_up_changes(arm: Arm) -> tuple[str, ...]:
    """What an arm changes in the warm-up."""
    return tuple(setting for setting in arm.settings if setting.startswith("training.warmup_"))


def _changes(recipe: Config, config: Config) -> str:
    """What `config` changes in the training of `recipe`, as a folder's name."""
    before, after = (_flat(c.model_dump(exclude={"localize"})) for c in (recipe, config))
    changed = [f"{key.rpartition('.')[2]}={value}" for key, value in after.items() if value != before[key]]
    return "+".join(changed) or "recipe"


def _flat(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        flat |= _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
    return flat
