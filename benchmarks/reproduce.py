"""Train, measure and tabulate one benchmark: everything in results/<dataset>.* comes from this command.

    python benchmarks/reproduce.py tiny-imagenet-20 --data ../shared/data --runs runs

Each preset and seed is a run of `aln train` in runs/<dataset>-<preset>-<seed> and of `aln evaluate` on the
test split; seed 0 of all presets comes first. What is done is kept: the same command continues after a stop,
and results are rewritten after every run from the runs that are done.

Writes results/<dataset>.json (a flat list of rows), results/<dataset>.md (made from it) and
results/<dataset>-sheet.png (sample masks of the first preset's first seed; images are picked by their place
in the test split, never by how well they came out).
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from aln.config import Config, DataConfig, load_config, read_config
from aln.data import open_images, open_truth
from aln.data.base import LabelledImages
from aln.errors import AlnError, ConfigError, TrainingError
from aln.evaluation.report import markdown, read_rows, write_rows
from aln.evaluation.rows import RULE_FREE, Row
from aln.evaluation.trivial import TRIVIAL_METHODS
from aln.files import write_atomic
from aln.localizer import Localizer
from aln.measure import evaluate_run
from aln.model_io import CONFIG, MANIFEST, fingerprint
from aln.training import train
from aln.visualize import Sample, sample_sheet, write_png

DATASETS = {
    "tiny-imagenet-20": DataConfig(
        path="tiny-imagenet-100", format="tiny-imagenet", options={"class_stride": 5}
    ),
    "cluttered-eth80": DataConfig(path="eth-80", format="cluttered-eth80"),
    "oxford-pets-3": DataConfig(path="oxford-pets-3", format="oxford-pets"),
}
"""Data sets by name; paths are below --data."""

RULES = {"aln": ("paper",), "cam": ("paper", "max:0.2")}
"""Methods that are measured, each with its threshold rules. The trivial boxes are always beside them."""

ORDER = (*TRIVIAL_METHODS, *RULES, "classifier")
"""Methods in the order of the tables' lines."""

MODEL_FREE = ("none", 0)
"""Preset and seed of rows that would be the same with any model."""

ROWS = "test-rows"
SHEET_SAMPLES = 24
SHEET_COLOURS = 128  # keeps the file below 300 KB
RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Run:
    """One training with one preset and seed, and where it is kept."""

    config: Config
    folder: Path

    @property
    def name(self) -> str:
        return f"preset {self.config.preset}, seed {self.config.training.seed}"

    @property
    def finished(self) -> bool:
        return (self.folder / MANIFEST).exists()

    def train(self, console: Console) -> None:
        """Train, or go on from the last checkpoint; does nothing where the model is finished.

        Raises:
            ConfigError: If the folder holds a run with other settings.
            AlnError: If training stops itself.
        """
        started = (self.folder / CONFIG).exists()
        if started and _recipe(read_config(self.folder / CONFIG)) != _recipe(self.config):
            raise ConfigError(
                f"{self.folder}: was trained with other settings; remove it, or choose another --runs"
            )
        if not self.finished:
            train(self.config, self.folder, resume=started, console=console)

    def rows(self, dataset: str, console: Console) -> list[Row]:
        """Figures on the test split, measured once for the weights in the folder."""
        kept = self.folder / f"{ROWS}-{fingerprint(self.folder)[:12]}.json"
        if kept.exists():
            return read_rows(kept)
        rules = list(dict.fromkeys(rule for rules in RULES.values() for rule in rules))
        rows, failures = evaluate_run(
            self.folder, self.config.data, methods=list(RULES), rules=rules, console=console
        )
        if failures:
            raise AlnError("images of the test split could not be read: " + "; ".join(failures.values()))
        rows = [replace(row, dataset=dataset) for row in rows if is_wanted(row)]
        write_rows(rows, kept)
        return rows


def plan(
    dataset: str,
    *,
    data: Path,
    runs: Path,
    presets: Sequence[str],
    seeds: Sequence[int],
    settings: Sequence[str],
) -> list[Run]:
    """All runs in the order they are made: every preset with the first seed, then with the next."""
    where = DATASETS[dataset]
    where = where.model_copy(update={"path": str(data / where.path)})
    return [
        Run(
            load_config(preset, [*settings, f"training.seed={seed}"], settings={"data": where.model_dump()}),
            runs / f"{dataset}-{preset}-{seed}",
        )
        for seed in seeds
        for preset in presets
    ]


def is_wanted(row: Row) -> bool:
    """Whether a row's method is to be measured with the row's rule."""
    return row.method not in RULES or row.rule in (*RULES[row.method], *RULE_FREE)


def without_repeats(rows: Sequence[Row]) -> list[Row]:
    """The rows method by method, a trivial one only once where no model has a part in it.

    A trivial box is right or wrong whatever was trained; Metric 2 asks the classifier too, and stays.
    """
    kept: dict[tuple[Any, ...], Row] = {}
    for row in sorted(rows, key=lambda row: ORDER.index(row.method)):
        if row.method in TRIVIAL_METHODS and not row.metric.startswith("metric_2"):
            preset, seed = MODEL_FREE
            row = replace(row, preset=preset, seed=seed)  # noqa: PLW2901
        kept.setdefault((row.method, row.preset, row.seed, row.rule, row.protocol, row.metric), row)
    return list(kept.values())


def sheet_indices(images: LabelledImages) -> list[int]:
    """About `SHEET_SAMPLES` images, the first ones of each class, classes in turn."""
    of_class: list[list[int]] = [[] for _ in images.class_names]
    for index in range(len(images)):
        of_class[images.label(index)].append(index)
    rounds = max(1, SHEET_SAMPLES // len(of_class))
    return [indices[r] for r in range(rounds) for indices in of_class if len(indices) > r][:SHEET_SAMPLES]


def write_sheet(run: Run, path: Path) -> None:
    """Draw what the run's model hides in images of the test split."""
    localizer = Localizer.load(run.folder)
    images, truth = open_images(run.config.data, "test"), open_truth(run.config.data, "test")
    indices = sheet_indices(images)
    pixels = [images.read(index) for index in indices]
    names = [images.image_id(index) for index in indices]
    samples = [
        Sample(
            image,
            found.score_map,
            found.mask,
            truth[name].boxes[0] if truth is not None and name in truth else None,
            found.boxes[0],
        )
        for name, image, found in zip(names, pixels, localizer.localize(pixels), strict=True)
    ]
    write_png(path, sample_sheet(samples), colours=SHEET_COLOURS)


def report(dataset: str, runs: Sequence[Run], rows: Sequence[Row], failures: Mapping[str, str]) -> str:
    """The Markdown page, from the rows and from what the runs say about their training."""
    done = [run for run in runs if any(_is_of(row, run) for row in rows)]
    lines = [
        f"`python benchmarks/reproduce.py {shlex.join(sys.argv[1:])}`",
        "",
        f"# {dataset}",
        "",
        f"Made by the command above; {len(done)} of its {len(runs)} runs are done. "
        "Test images; no threshold and no checkpoint was chosen on them. A cell is the mean over seeds, "
        "± the standard deviation between them, and the 95 % bootstrap interval over the images. Trivial "
        "answers are in italics, once where no model has a part in them; the centred box's side was chosen "
        "on `train-fullsup`.",
        "",
        markdown(rows),
        "### Runs",
        "",
        "| preset | seed | epochs | training images | masked area | test accuracy | training seconds |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
        *(_run_line(run, rows) for run in done),
        "",
        *(f"* {name} stopped: {reason}" for name, reason in failures.items()),
        *([""] if failures else []),
        f"![Sample masks: the first images of each class of the test split]({dataset}-sheet.png)",
    ]
    return "\n".join(lines) + "\n"


def _run_line(run: Run, rows: Sequence[Row]) -> str:
    told = json.loads((run.folder / MANIFEST).read_text(encoding="utf-8"))["provenance"]
    accuracy = next(row for row in rows if _is_of(row, run) and row.metric == "classification_accuracy")
    area = told["training"].get("area")
    cells = (
        run.config.preset,
        run.config.training.seed,
        told["epochs"],
        told["images"],
        "" if area is None else f"{area:.3f}",
        f"{accuracy.value:.1f}",
        f"{told['seconds']:.0f}",
    )
    return f"| {' | '.join(map(str, cells))} |"


def _is_of(row: Row, run: Run) -> bool:
    return (row.preset, row.seed) == (run.config.preset, run.config.training.seed)


def _recipe(config: Config) -> dict[str, Any]:
    """The settings that make a run what it is; where its data lie and how many threads it had don't."""
    return config.model_dump(exclude={"data": {"path"}, "training": {"threads"}})


def _measured(runs: Sequence[Run], dataset: str, console: Console) -> Iterator[tuple[Run, list[Row] | str]]:
    """Each run with its rows, or with the reason why it has none."""
    for number, run in enumerate(runs, 1):
        console.print(f"{dataset}, run {number} of {len(runs)}: {run.name}")
        try:
            run.train(console)
        except TrainingError as error:
            console.print(str(error))
            yield run, str(error)
        else:
            yield run, run.rows(dataset, console)


def main() -> int:
    """Make or continue a result set; 1 if a training stopped itself, 2 for a mistake, 130 for Ctrl-C."""
    arguments = _arguments()
    console = Console(stderr=True, markup=False, highlight=False, soft_wrap=True)
    torch.set_num_threads(arguments.threads)
    dataset, out = arguments.dataset, arguments.out
    settings = [*arguments.settings, f"training.threads={arguments.threads}"]
    rows: list[Row] = []
    failures: dict[str, str] = {}
    try:
        runs = plan(
            dataset,
            data=arguments.data,
            runs=arguments.runs,
            presets=arguments.presets,
            seeds=arguments.seeds,
            settings=settings,
        )
        for run, result in _measured(runs, dataset, console):
            if isinstance(result, str):
                failures[run.name] = result
                continue
            rows = without_repeats([*rows, *result])
            if run == runs[0]:
                write_sheet(run, out / f"{dataset}-sheet.png")
            write_rows(rows, out / f"{dataset}.json")
            write_atomic(out / f"{dataset}.md", report(dataset, runs, rows, failures).encode())
    except AlnError as error:
        console.print(f"error: {error}", style="red")
        return 2
    except KeyboardInterrupt:
        console.print("Stopped; the same command continues.")
        return 130
    return 1 if failures else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("dataset", choices=DATASETS)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds the data sets")
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="folder for the run folders")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder for the results")
    parser.add_argument("--presets", type=lambda text: text.split(","), default=["default", "poster"])
    parser.add_argument("--seeds", type=lambda text: [int(s) for s in text.split(",")], default=[0, 1, 2])
    parser.add_argument("--threads", type=int, default=1, help="threads of each run")
    parser.add_argument("--set", dest="settings", action="append", default=[], metavar="KEY=VALUE")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
