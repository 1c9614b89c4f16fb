"""All that is measured of a benchmark: rows without repeats, and differences to the reference."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from aln.benchmark.config import REFERENCE, Benchmark, Training
from aln.benchmark.kept import Kept
from aln.benchmark.measure import FULLSUP, MODEL_FREE, Measured, measured, names_in_rows
from aln.benchmark.plan import Run
from aln.evaluation.differences import Difference, Side, differences
from aln.evaluation.per_image import PerImage
from aln.evaluation.rows import Row
from aln.evaluation.trivial import TRIVIAL_METHODS


@dataclass(frozen=True, eq=False)
class Results:
    """What is done of a benchmark.

    Attributes:
        benchmark: The benchmark.
        rows: Every figure of the runs that are measured.
        differences: To ALN of the reference training.
        tables: Figures of single images: by name of the training, then by seed.
        runs: The runs behind them.
        earlier: Names of trainings some of whose differences are to an ALN that has been trained anew since,
            as their figures of single images were not kept.
    """

    benchmark: Benchmark
    rows: list[Row]
    differences: list[Difference]
    tables: dict[str, dict[int, PerImage]]
    runs: Sequence[Measured] = ()
    earlier: Sequence[str] = ()

    @property
    def trainings(self) -> list[str]:
        """Names of the trainings that have figures."""
        return list(dict.fromkeys(one.record.training for one in self.runs))


def gather(runs: Sequence[Run], kept: Kept) -> Results:
    """What the runs' folders hold, and what stands in the results of the others.

    Raises:
        DataError: If a file of it is damaged; names it.
    """
    benchmark = runs[0].benchmark
    there = [one for run in runs if (one := _fuller(measured(run), kept.of(run))) is not None]
    tables: dict[str, dict[int, PerImage]] = defaultdict(dict)
    for one in there:
        if one.table is not None:
            tables[one.record.training][one.record.seed] = one.table
    found = [
        difference
        for training in benchmark.trainings
        if tables[benchmark.reference] and tables[training.name]
        for difference in _differences(benchmark, training, tables)
    ]
    rows = in_order([row for one in there for row in one.rows], benchmark)
    left = _left(kept.differences, there, benchmark)
    retrained = tables[benchmark.reference].keys()
    earlier = tuple(dict.fromkeys(d.preset for d in left if not retrained.isdisjoint(d.seeds)))
    known = {name: own for name, own in tables.items() if own}
    return Results(benchmark, rows, [*found, *left], known, there, earlier)


def _fuller(own: Measured | None, kept: Measured | None) -> Measured | None:
    """What the run's folder holds, unless more was measured of an earlier model of the same recipe."""
    if own is None or kept is None:
        return own or kept
    return own if len(own.record.methods) >= len(kept.record.methods) else kept


def _left(
    differences: Sequence[Difference], there: Sequence[Measured], benchmark: Benchmark
) -> list[Difference]:
    """Differences that can't be taken again: nothing tells of the single images, and the rows still stand."""
    trainings = {training.name: training for training in benchmark.trainings}
    without = {
        (one.record.training, one.record.seed, name)
        for one in there
        if one.table is None
        for name in (*names_in_rows(trainings[one.record.training], one.record.methods), *TRIVIAL_METHODS)
    }
    return [d for d in differences if all((d.preset, seed, d.method) in without for seed in d.seeds)]


def in_order(rows: Sequence[Row], benchmark: Benchmark) -> list[Row]:
    """The rows training by training and method by method, the trivial first, each once.

    A trivial box is right or wrong whatever was trained, and the first run tells which box; Metric 2 asks the
    classifier too, and stays.
    """
    trainings = [training.name for training in benchmark.trainings]
    methods = [*TRIVIAL_METHODS, *benchmark.methods, *trainings, "classifier"]

    def place(row: Row) -> tuple[int, int, int]:
        at = methods.index(row.method) if row.method in methods else len(methods)
        within = trainings.index(row.preset) if row.preset in trainings else -1
        group = {"classifier": 2}.get(row.method, 0 if row.method in TRIVIAL_METHODS else 1)
        return (group, at, within) if group != 1 else (group, within, at)

    kept: dict[tuple[Any, ...], Row] = {}
    for row in sorted(map(_free_of_models, rows), key=place):
        rule = None if row.method in TRIVIAL_METHODS else row.rule
        kept.setdefault((row.method, row.preset, row.seed, rule, row.protocol, row.metric), row)
    return list(kept.values())


def _free_of_models(row: Row) -> Row:
    """A trivial row as it would be with any model; any other as it is."""
    if row.method not in TRIVIAL_METHODS or row.metric.startswith("metric_2"):
        return row
    preset, seed = MODEL_FREE
    return replace(row, preset=preset, seed=seed)


def family(rule: str) -> str:
    """The rule without the threshold that was chosen with each seed anew."""
    return FULLSUP if rule.startswith(f"{FULLSUP}:") else rule


def _differences(
    benchmark: Benchmark, training: Training, tables: dict[str, dict[int, PerImage]]
) -> list[Difference]:
    found: list[Difference] = []
    own = tables[training.name]
    methods = list(benchmark.methods_of(training))
    if training.name == benchmark.reference:
        methods = [*TRIVIAL_METHODS, *methods]
    for method in methods:
        for rule in dict.fromkeys(family(r) for table in own.values() for r in table.rules(method)):
            against = FULLSUP if rule == FULLSUP else benchmark.rules[0]
            if (training.name, method, rule) == (benchmark.reference, REFERENCE, against):
                continue
            name = training.name if training.kind != "classifier" else method
            found += [
                replace(difference, method=name)
                for difference in differences(
                    _side(own, method, rule),
                    _side(tables[benchmark.reference], REFERENCE, against),
                    dataset=benchmark.name,
                    preset=training.name,
                    rule=rule,
                    name=f"{REFERENCE}, {benchmark.reference}, rule {against}",
                )
            ]
    return found


def _side(tables: dict[int, PerImage], method: str, rule: str) -> Side:
    """A method under one family of rules, with the seeds that have it."""
    rules = {
        seed: actual
        for seed, table in tables.items()
        for actual in table.rules(method)
        if family(actual) == rule
    }
    return Side(method, tables, rules)
