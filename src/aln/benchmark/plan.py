"""The runs of a benchmark: which there are, in which order, and what is left to do of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from aln.benchmark.config import Benchmark, Training
from aln.config import Config, read_config
from aln.errors import ConfigError, DivergedError
from aln.model_io import CONFIG, MANIFEST
from aln.training import train
from aln.training.stopped import keeping_the_reason, why_stopped


@dataclass(frozen=True)
class Run:
    """One training with one seed, and where it is kept.

    Attributes:
        benchmark: What it belongs to.
        training: Which training of it.
        config: All settings.
        folder: Its run folder.
        cache: Folder for decoded photographs; None: the usual one.
        revision: Of the photographs and annotations that it is measured on (`aln.data.revision`).
    """

    benchmark: Benchmark
    training: Training
    config: Config
    folder: Path
    cache: Path | None = None
    revision: str = ""

    @property
    def seed(self) -> int:
        """The training seed."""
        return self.config.training.seed

    @property
    def name(self) -> str:
        """What messages call it."""
        return f"{self.training.name}, seed {self.seed}"

    @property
    def finished(self) -> bool:
        """Whether it is trained: a model of another recipe in its folder is not it."""
        try:
            return (self.folder / MANIFEST).exists() and not self._changed()
        except ConfigError:  # settings of another version of aln
            return False

    def train(self, console: Console) -> None:
        """Train, or go on from the last checkpoint; does nothing where the model is finished.

        Raises:
            ConfigError: If the folder holds a run with other settings.
            DivergedError: If training stops itself, now or in an earlier call.
            AlnError: For photographs that can't be read.
        """
        started = (self.folder / CONFIG).exists()
        if started and (other := self._changed()):
            raise ConfigError(
                f"{self.folder}: was trained with other settings ({', '.join(other)}); remove it, or choose "
                "another --runs"
            )
        if self.finished:
            return
        if (reason := why_stopped(self.folder)) is not None:
            raise DivergedError(reason)
        with keeping_the_reason(self.folder):
            train(self.config, self.folder, resume=started, cache_root=self.cache, console=console)

    def _changed(self) -> list[str]:
        """The settings in which what its folder holds is another run; raises ConfigError for unknown ones."""
        return differing(read_config(self.folder / CONFIG), self.config)


def plan(
    benchmark: Benchmark, *, data: Path, runs: Path, threads: int = 1, cache: Path | None = None
) -> list[Run]:
    """All runs in the order they are made: every training with its first seed, then with the next."""
    longest = max(len(benchmark.seeds_of(training)) for training in benchmark.trainings)
    return [
        Run(
            benchmark,
            training,
            benchmark.config_of(training, seeds[turn], data, threads),
            runs / f"{benchmark.name}-{training.name}-{seeds[turn]}",
            cache,
        )
        for turn in range(longest)
        for training in benchmark.trainings
        if turn < len(seeds := benchmark.seeds_of(training))
    ]


def chosen(runs: Sequence[Run], only: Sequence[str]) -> list[Run]:
    """The runs that `only` names, as "TRAINING" or "TRAINING,SEED"; all where it names none.

    Raises:
        ConfigError: If there is no such run; tells which there are.
    """
    picked: list[Run] = []
    for text in only:
        name, _, seed = (part.strip() for part in text.partition(","))
        fitting = [run for run in runs if run.training.name == name and seed in ("", str(run.seed))]
        if not fitting:
            there = dict.fromkeys(f"{run.training.name},{run.seed}" for run in runs)
            raise ConfigError(f"--only {text}: there is no such run; there are: {' '.join(there)}")
        picked += fitting
    return [run for run in runs if run in picked] if only else list(runs)


def comparable(config: Config) -> dict[str, Any]:
    """The settings that make a run what it is.

    Where data lie, what a run is made on, and how a model localizes by default don't.
    """
    return config.model_dump(
        mode="json", exclude={"data": {"path"}, "training": {"threads", "device"}, "localize": True}
    )


def differing(one: Config, other: Config) -> list[str]:
    """The settings that make these two different runs."""
    sections = [comparable(config) for config in (one, other)]
    return [
        name if not isinstance(value, dict) else f"{name}.{key}"
        for name, value in sections[0].items()
        for key in (value if isinstance(value, dict) else ("",))
        if _at(sections[0], name, key) != _at(sections[1], name, key)
    ]


def _at(tree: dict[str, Any], name: str, key: str) -> Any:
    return tree[name][key] if key else tree[name]
