"""What a benchmark is: a TOML file that names the data, the trainings, and the methods measured on each."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from aln.boxes import parse_rule
from aln.config import Config, DataConfig, load_config
from aln.errors import AlnError, ConfigError
from aln.methods import METHODS
from aln.training.variants import chosen_variant

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
Kind = Literal["classifier", "peer", "ceiling"]

REFERENCE = "aln"
"""The method that all others are compared with."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MeasuredMethod(_Part):
    """How a method is measured, beside the rules that every one is measured with.

    Attributes:
        rules: Further threshold rules.
        max_images: Measure on at most so many test images, evenly spaced, as the method is slow, and choose
            its threshold on no more; 0: all.
    """

    rules: tuple[str, ...] = ()
    max_images: Annotated[int, Field(ge=0)] = 0


class Training(_Part):
    """A training, made once with each seed.

    Attributes:
        name: Names the run folders, and is what rows give as their preset.
        preset: The recipe.
        settings: Changes to it ("training.variant=has").
        kind: "classifier": the methods of the table are measured on it, by their own names. "peer": trained
            in another way, its one method is called by the name of the training. "ceiling": the same, and it
            has seen boxes.
        methods: Methods measured on it; by default all of the table.
        seeds: Its seeds; by default those of the benchmark.
    """

    name: Name
    preset: str = "default"
    settings: tuple[str, ...] = ()
    kind: Kind = "classifier"
    methods: tuple[str, ...] = ()
    seeds: tuple[int, ...] = ()


class Benchmark(_Part):
    """A benchmark.

    Attributes:
        name: Names the data set in rows, the run folders and the result files.
        data: Where the photographs are, below the folder given with --data.
        seeds: Training seeds.
        rules: Rules that need no boxes, with which every method is measured. The first is that of the
            summary, and ALN's where others are compared with it.
        reference: The training whose ALN all others are compared with.
        threshold_images: How many images of `train-fullsup` thresholds are chosen on; 0: all.
        methods: The table, in the order of its lines.
        trainings: In the order they are made.
    """

    name: Name
    data: DataConfig
    seeds: Annotated[tuple[int, ...], Field(min_length=1)] = (0, 1, 2)
    rules: Annotated[tuple[str, ...], Field(min_length=1)] = ("moments", "paper", "otsu")
    reference: str = "default"
    threshold_images: Annotated[int, Field(ge=0)] = 1000
    methods: dict[str, MeasuredMethod]
    trainings: Annotated[tuple[Training, ...], Field(min_length=1)]

    def methods_of(self, training: Training) -> dict[str, MeasuredMethod]:
        """What is measured on a training, in order."""
        names = training.methods or tuple(self.methods)
        return {name: self.methods.get(name, MeasuredMethod()) for name in names}

    def summarised(self, method: str) -> tuple[str, ...]:
        """The rules that the summary shows: the first of all, that of the method's paper, those asked for.

        The others stand among all figures.
        """
        own = METHODS[method].own_rule
        asked = self.methods.get(method, MeasuredMethod()).rules
        return tuple(dict.fromkeys([self.rules[0], *([own] if own else []), *asked]))

    def seeds_of(self, training: Training) -> tuple[int, ...]:
        """The seeds of a training."""
        return training.seeds or self.seeds

    def config_of(self, training: Training, seed: int, data: Path, threads: int) -> Config:
        """All settings of one run.

        Raises:
            ConfigError: For an unknown preset or setting.
        """
        where = self.data.model_copy(update={"path": str(data / self.data.path)}).model_dump()
        own = [f"training.threads={threads}", *training.settings, f"training.seed={seed}"]
        return load_config(training.preset, own, settings={"data": where})


def read_benchmark(path: Path) -> Benchmark:
    """Read a benchmark's TOML and check all that it names, before hours are spent.

    Raises:
        ConfigError: If the file is missing or no TOML, or names an unknown setting, preset, method or rule.
    """
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"{path}: can't be read ({error.strerror}); give the TOML of a benchmark"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: is not valid TOML ({error})") from error
    try:
        benchmark = Benchmark.model_validate(tree)
        _check(benchmark)
    except ValidationError as error:
        raise ConfigError(f"{path}: " + "; ".join(_explained(fault) for fault in error.errors())) from error
    except AlnError as error:
        raise ConfigError(f"{path}: {error}") from error
    return benchmark


def _check(benchmark: Benchmark) -> None:
    for rule in benchmark.rules:
        parse_rule(rule)
    names = [training.name for training in benchmark.trainings]
    if len(set(names)) < len(names):
        raise ConfigError("two trainings have the same name; each needs run folders of its own")
    if benchmark.reference not in names:
        raise ConfigError(f"reference {benchmark.reference!r} is no training; there are: {', '.join(names)}")
    reference = benchmark.trainings[names.index(benchmark.reference)]
    if REFERENCE not in benchmark.methods_of(reference):
        raise ConfigError(f"training {reference.name!r} is the reference: {REFERENCE!r} is measured on it")
    for training in benchmark.trainings:
        measured = benchmark.methods_of(training)
        if training.kind != "classifier" and len(measured) != 1:
            raise ConfigError(
                f"training {training.name!r}: a {training.kind} names its one method in methods"
            )
        for name, method in measured.items():
            _ = METHODS[name], [parse_rule(rule) for rule in method.rules]
        try:
            chosen_variant(benchmark.config_of(training, 0, Path(), 1))
        except ConfigError as error:
            raise ConfigError(f"training {training.name!r}: {error}") from error


def _explained(fault: Any) -> str:
    key = ".".join(map(str, fault["loc"]))
    return f"{key}: {'is unknown' if fault['type'] == 'extra_forbidden' else fault['msg']}"
