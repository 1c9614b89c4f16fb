"""The page of a benchmark: a summary first, then every figure, made from rows and from nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from aln.benchmark.config import REFERENCE
from aln.benchmark.measure import FULLSUP, Measured, asked
from aln.benchmark.plan import Run
from aln.benchmark.results import Results, family
from aln.benchmark.summary import summary
from aln.benchmark.tables import signed, table
from aln.evaluation.differences import COMPARED, Difference
from aln.evaluation.report import COLUMNS, markdown
from aln.evaluation.rows import PEAK_MEMORY, SMALL_SUFFIX, Row
from aln.evaluation.trivial import TRIVIAL_METHODS

PICTURES = {
    "sheet": "Sample masks: the first images of each class of the test split",
    "comparison": "The same photographs under every method, evenly spaced over the test split",
    "failures": "Where ALN is most wrong, evenly over the classes",
    "histograms": "How well boxes fit: IoU of found and true box, by method",
    "curves": "Accuracy against the IoU from which a box counts as right",
}
"""What stands below each picture, by the end of its file name."""


def report(results: Results, runs: Sequence[Run], command: str, failures: Mapping[str, str]) -> str:
    """The Markdown page."""
    name = results.benchmark.name
    done = [run for run in runs if _is_done(run, results.runs)]
    plain = [replace(row, rule=family(row.rule)) for row in results.rows if row.metric != PEAK_MEMORY]
    parts = [
        f"`{command}`",
        f"# {name}",
        f"Made by the command above; {len(done)} of its {len(runs)} runs are done. Test images; no threshold "
        "and no checkpoint was chosen on them, but for the columns that say *oracle* or *best threshold*. "
        "How to read it, and what each figure means: [docs/benchmark.md](../../docs/benchmark.md).",
        summary(results),
        *([_failures(failures)] if failures else []),
        *(f"![{text}]({name}-{end}.png)" for end, text in PICTURES.items()),
        _undrawn(results),
        "## Every figure",
        "Mean over seeds, ± the standard deviation between them, and the 95 % bootstrap interval over the "
        f"images. Rule `{FULLSUP}`: the threshold with the best Metric 1 on `train-fullsup`, chosen anew for "
        "each training.",
        markdown(plain).strip(),
        "## Differences to ALN",
        "Percentage points, on the same images, of the mean over seeds; 95 % interval of the paired "
        f"bootstrap, bold where it leaves out 0. Compared with `{REFERENCE}` of training "
        f"`{results.benchmark.reference}` under the rule `{results.benchmark.rules[0]}`; "
        f"rule `{FULLSUP}` with its `{FULLSUP}`.",
        _earlier(results.earlier),
        _differences(results.differences),
        "## Thresholds chosen on `train-fullsup`",
        _thresholds(results.rows),
        "## Runs",
        _runs(results.runs, results.rows),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _is_done(run: Run, there: Sequence[Measured]) -> bool:
    """Whether all that is asked of a run was measured."""
    known = {(one.record.training, one.record.seed): one.record.methods for one in there}
    methods = known.get((run.training.name, run.seed), {})
    return all(methods.get(name) == digest for name, digest in asked(run).items())


def _earlier(trainings: Sequence[str]) -> str:
    if not trainings:
        return ""
    return (
        f"Figures of single images were not kept of some seeds of {', '.join(f'`{t}`' for t in trainings)}: "
        "these differences are to earlier trainings of ALN, with the same recipe and seeds."
    )


def _undrawn(results: Results) -> str:
    if not (names := [f"`{name}`" for name in results.trainings if name not in results.tables]):
        return ""
    if results.benchmark.reference not in results.tables:
        return f"The last two may be of an earlier state: of {', '.join(names)} no single images are kept."
    return f"The last two are without {', '.join(names)}: no figures of single images are kept."


def _failures(failures: Mapping[str, str]) -> str:
    return "\n".join(f"* {name} stopped: {reason}" for name, reason in failures.items())


def _differences(found: Sequence[Difference]) -> str:
    pooled: dict[tuple[str, str, str], dict[str, Difference]] = {}
    for difference in found:
        own = pooled.setdefault((difference.method, difference.preset, difference.rule), {})
        known = own.get(difference.metric)
        if known is None or len(difference.seeds) > len(known.seeds):
            own[difference.metric] = difference
    shown = [metric for metric in COMPARED if any(metric in own for own in pooled.values())]
    lines = [
        [
            f"*{method} (trivial)*" if method in TRIVIAL_METHODS else method,
            preset,
            rule,
            *(signed(own.get(metric)) for metric in shown),
            str(max(len(difference.seeds) for difference in own.values())),
            str(max(difference.n_images for difference in own.values())),
        ]
        for (method, preset, rule), own in pooled.items()
    ]
    return table(["method", "training", "rule", *map(_title, shown), "seeds", "images"], lines, left=3)


def _title(metric: str) -> str:
    title = COLUMNS[metric.removesuffix(SMALL_SUFFIX)]
    return f"{title}, smaller half" if metric.endswith(SMALL_SUFFIX) else title


def _thresholds(rows: Sequence[Row]) -> str:
    chosen: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        if row.metric == "metric_1" and family(row.rule) == FULLSUP:
            chosen.setdefault((row.method, row.preset), []).append(row.rule.partition(":")[2])
    if not chosen:
        return "None: the data set has no such split."
    lines = [[method, preset, ", ".join(values)] for (method, preset), values in chosen.items()]
    return table(["method", "training", "seed by seed"], lines, left=2)


def _runs(there: Sequence[Measured], rows: Sequence[Row]) -> str:
    header = ["training", "seed", "epochs", "training images", "masked area", "test accuracy"]
    header += ["seconds", "made on"]
    return table(header, [_run_line(one, rows) for one in there])


def _run_line(one: Measured, rows: Sequence[Row]) -> list[str]:
    record = one.record
    area, seconds = record.provenance.get("area"), record.provenance.get("seconds")
    accuracy = [
        row.value
        for row in rows
        if (row.preset, row.seed, row.metric) == (record.training, record.seed, "classification_accuracy")
    ]
    return [
        record.training,
        str(record.seed),
        str(record.provenance.get("epochs") or ""),
        str(record.provenance.get("images") or ""),
        "" if area is None else f"{area:.3f}",
        "".join(f"{value:.1f}" for value in accuracy[:1]),
        "" if seconds is None else f"{seconds:.0f}",
        ", ".join(told for name in ("device", "precision") if (told := record.provenance.get(name))),
    ]
