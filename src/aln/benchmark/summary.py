"""The first table of the page: a line for each method and its foremost rules, with its difference to ALN."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from aln.benchmark.config import REFERENCE, Benchmark, Kind, Training
from aln.benchmark.measure import FULLSUP, MODEL_FREE
from aln.benchmark.results import Results, family
from aln.benchmark.tables import signed, spread, table
from aln.evaluation.rows import BEST_THRESHOLD, PEAK_MEMORY, SMALL_SUFFIX, Row
from aln.evaluation.trivial import CENTRED, TRIVIAL_METHODS

HEADER = (
    "method",
    "rule",
    "Metric 1",
    "Metric 2",
    "Metric 1, smaller half",
    "Metric 1 at the `fullsup` threshold",
    "MaxBoxAccV2 (oracle)",
    "mask IoU",
    "Metric 1 − ALN [95 %]",
    "way to the ceiling",
    "ms/image",
    "peak MiB",
    "seeds",
    "images",
)


def summary(results: Results) -> str:
    """The table; columns that would be empty are left out."""
    lines = [_line(results, *key) for key in _keys(results)]
    used = [i for i in range(len(HEADER)) if any(line[i] for line in lines)]
    return table([HEADER[i] for i in used], [[line[i] for i in used] for line in lines], left=2)


def _keys(results: Results) -> list[tuple[str, str, str]]:
    """Method, training and rule of each line."""
    return list(
        dict.fromkeys(
            (row.method, row.preset, row.rule)
            for row in results.rows
            if row.metric == "metric_1" and _shown(results.benchmark, row)
        )
    )


def _shown(benchmark: Benchmark, row: Row) -> bool:
    if row.method in TRIVIAL_METHODS:
        return True
    training = next(training for training in benchmark.trainings if training.name == row.preset)
    method = row.method if training.kind == "classifier" else next(iter(benchmark.methods_of(training)))
    return row.rule in benchmark.summarised(method)


def _line(results: Results, method: str, preset: str, rule: str) -> list[str]:
    rows = _rows(results, method, preset)
    of_rule = {metric: _values(rows, metric, rule) for metric in ("metric_1", "metric_2", "mask_iou")}
    first = [row for row in rows if (row.metric, row.rule) == ("metric_1", rule)]
    memory = _values(rows, PEAK_MEMORY, None)
    return [
        _name(results, method, preset),
        rule,
        spread(of_rule["metric_1"]),
        spread(of_rule["metric_2"]),
        spread(_values(rows, f"metric_1{SMALL_SUFFIX}", rule)),
        spread(_values(rows, "metric_1", FULLSUP)),
        spread(_values(rows, "max_box_acc_v2", BEST_THRESHOLD)),
        spread(of_rule["mask_iou"]),
        _difference(results, method, preset, rule),
        _way(results, fmean(of_rule["metric_1"])) if _on_every_image(results, first) else "",
        f"{fmean(row.ms_per_image for row in first):.1f}",
        f"{fmean(memory):.0f}" if memory else "",
        str(len({row.seed for row in rows})) if preset != MODEL_FREE[0] else "",
        str(max(row.n_images for row in first)),
    ]


def _rows(results: Results, method: str, preset: str) -> list[Row]:
    """The rows of a line; Metric 2 of a trivial answer asks the classifiers of the reference."""
    presets = (preset, results.benchmark.reference) if method in TRIVIAL_METHODS else (preset,)
    return [row for row in results.rows if row.method == method and row.preset in presets]


def _values(rows: Sequence[Row], metric: str, rule: str | None) -> list[float]:
    return [row.value for row in rows if row.metric == metric and rule in (None, family(row.rule))]


def _difference(results: Results, method: str, preset: str, rule: str) -> str:
    reference = results.benchmark.reference
    if (method, preset, rule) == (REFERENCE, reference, results.benchmark.rules[0]):
        return "—"
    of = reference if method in TRIVIAL_METHODS else preset
    found = [
        difference
        for difference in results.differences
        if (difference.method, difference.preset, difference.rule, difference.metric)
        == (method, of, rule, "metric_1")
    ]
    return signed(max(found, key=lambda difference: len(difference.seeds), default=None))


def _on_every_image(results: Results, rows: Sequence[Row]) -> bool:
    """Whether these are of all images, as the centred box and the ceiling are."""
    return rows[0].n_images == max(row.n_images for row in results.rows if row.metric == "metric_1")


def _way(results: Results, value: float) -> str:
    """How far a Metric 1 is on the way from the best centred box to the best training that has seen boxes."""
    bottom = [row.value for row in results.rows if (row.method, row.metric) == (CENTRED, "metric_1")]
    best = max(_ceilings(results), default=0.0)
    if not bottom or best <= bottom[0]:
        return ""
    share = 100 * (value - bottom[0]) / (best - bottom[0])
    return f"{share:.0f} %" if share >= 0 else "below it"


def _ceilings(results: Results) -> list[float]:
    """Metric 1 of the trainings that have seen boxes, each at its best label-free rule."""
    return [
        fmean(_values(_rows(results, training.name, training.name), "metric_1", rule))
        for training in results.benchmark.trainings
        if training.kind == "ceiling"
        for method, preset, rule in _keys(results)
        if (method, preset) == (training.name, training.name)
    ]


def _name(results: Results, method: str, preset: str) -> str:
    if method in TRIVIAL_METHODS:
        return f"*{method} (trivial)*"
    kind = _kind(results.benchmark.trainings, preset)
    if kind == "ceiling":
        return f"{method} (**not weakly supervised**)"
    if kind == "peer":
        return f"{method} (trained peer)"
    shown = method if preset == results.benchmark.reference else f"{method}, training {preset}"
    return f"**{shown}**" if (method, preset) == (REFERENCE, results.benchmark.reference) else shown


def _kind(trainings: Sequence[Training], name: str) -> Kind:
    return next(training.kind for training in trainings if training.name == name)
