"""Measure a trained run, and keep what was measured in its folder.

Methods that see every image go through them together, each slow one by itself. Each such group is kept as
`benchmark/<key>.json` (rows) and `.npz` (figures of single images); the key is made from the weights and from
all that was asked, so that nothing is measured twice, and nothing old is taken for new.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from aln.benchmark.config import MeasuredMethod, Training
from aln.benchmark.plan import Run, comparable
from aln.data import open_images
from aln.evaluation.evaluate import score
from aln.evaluation.per_image import PerImage, joined
from aln.evaluation.report import read_rows, write_rows
from aln.evaluation.rows import Row
from aln.evaluation.thresholds import choose_thresholds
from aln.evaluation.trivial import TRIVIAL_METHODS
from aln.localizer import Localizer
from aln.measure import centred_side, required_truth, truth_apart
from aln.methods import METHODS
from aln.model_io import fingerprint, read_provenance
from aln.progress import progress_bar

FULLSUP = "fullsup"
"""A threshold chosen on `train-fullsup`; rows add its value: "fullsup:0.31"."""

PROTOCOL = "exact"
VERSION = 2
"""Goes up when figures of an earlier `aln` are to be measured again."""

KEPT = "benchmark"

TOLD = ("epochs", "images", "seconds", "device", "precision", "torch")
"""What a run's record takes over of its model's provenance."""

MODEL_FREE = ("none", 0)
"""Preset and seed of rows that would be the same with any model."""


@dataclass(frozen=True)
class Record:
    """A run that was measured.

    Attributes:
        training: Name of the training.
        seed: Its seed.
        settings: All settings that make a run what it is.
        weights: Digest over its weights.
        methods: What was measured: of each method a digest over all that was asked.
        provenance: What is told of the training: `TOLD`, and the masked area of its last epoch.
    """

    training: str
    seed: int
    settings: Mapping[str, Any]
    weights: str
    methods: Mapping[str, str]
    provenance: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Measured:
    """A run's record, its rows by the benchmark's names, and its figures of single images, where kept.

    Figures of single images keep the methods' own names.
    """

    record: Record
    rows: list[Row]
    table: PerImage | None


@dataclass(frozen=True)
class Group:
    """Methods measured in one pass.

    Attributes:
        run: What they are measured on.
        methods: How.
        first: Whether the rows of the trivial methods and the classifier are taken from this pass.
    """

    run: Run
    methods: Mapping[str, MeasuredMethod]
    first: bool

    @property
    def max_images(self) -> int:
        """The most images that these are measured on; 0: all."""
        return next(iter(self.methods.values())).max_images

    @property
    def asked(self) -> dict[str, str]:
        """Of each method a digest over all that is asked of it; where it changes, it is measured again."""
        run = self.run
        shared = {
            "version": VERSION,
            "data": run.config.data.model_dump(exclude={"path"}),
            "protocol": PROTOCOL,
            "rules": run.benchmark.rules,
            "threshold_images": run.benchmark.threshold_images,
            **({"revision": run.revision} if run.revision else {}),
        }
        return {
            name: _digest([shared, name, METHODS[name].own_rule, method.model_dump()])
            for name, method in self.methods.items()
        }

    def key(self) -> str:
        """Hex digest over the weights and over all that is asked."""
        return _digest([fingerprint(self.run.folder), *self.asked.values()])

    @property
    def files(self) -> tuple[Path, Path]:
        """Where the rows and the figures of single images are kept."""
        base = self.run.folder / KEPT / self.key()
        return base.with_suffix(".json"), base.with_suffix(".npz")

    @property
    def done(self) -> bool:
        """Whether it is measured."""
        return all(file.exists() for file in self.files)


def groups(run: Run) -> list[Group]:
    """What is measured on a run: first the methods that see every image, then each slow one alone."""
    measured = run.benchmark.methods_of(run.training)
    quick = {name: method for name, method in measured.items() if not method.max_images}
    slow = [{name: method} for name, method in measured.items() if method.max_images]
    parts = [quick, *slow] if quick else slow
    return [Group(run, methods, first=index == 0) for index, methods in enumerate(parts)]


def measured(run: Run) -> Measured | None:
    """What is kept in a run's folder; None where nothing was measured yet."""
    if not run.finished:
        return None
    done = [group for group in groups(run) if group.done]
    if not done:
        return None
    told = read_provenance(run.folder)
    record = Record(
        run.training.name,
        run.seed,
        comparable(run.config),
        fingerprint(run.folder),
        {name: digest for group in done for name, digest in group.asked.items()},
        {**{name: told.get(name) for name in TOLD}, "area": told.get("training", {}).get("area")},
    )
    rows = [row for group in done for row in _named(read_rows(group.files[0]), group)]
    return Measured(record, rows, joined([_table(group) for group in done]))


def _table(group: Group) -> PerImage:
    """Figures of single images; the trivial methods come once a run, as in the rows."""
    table = PerImage.load(group.files[1])
    return table if group.first else table.only(group.methods)


def kept_files(run: Run) -> list[Path]:
    """The files of all that was ever measured of a run and is kept in its folder."""
    return sorted((run.folder / KEPT).glob("*"))


def asked(run: Run) -> dict[str, str]:
    """Of each method that is measured on a run a digest over all that is asked of it."""
    return {name: digest for group in groups(run) for name, digest in group.asked.items()}


def names_in_rows(training: Training, methods: Iterable[str]) -> list[str]:
    """What rows call the methods measured on a training: peers and ceilings go by its own name."""
    return list(methods) if training.kind == "classifier" else [training.name]


def _digest(what: Any) -> str:
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:16]


def measure(run: Run, console: Console) -> None:
    """Measure what is not kept yet.

    Raises:
        AlnError: If an image can't be read: figures of other images would be compared.
    """
    todo = [group for group in groups(run) if not group.done]
    if todo:
        localizer = Localizer.load(run.folder, run.config.training.device)
        for group in todo:
            _measure(group, localizer, console)


def _measure(group: Group, localizer: Localizer, console: Console) -> None:
    data = group.run.config.data
    images, truth = open_images(data, "test"), required_truth(data, "test")
    total = min(len(truth), group.max_images or len(truth))
    rules = _rules(group, localizer, console)
    rows_file, per_image_file = group.files
    with progress_bar(console) as progress:
        bar = progress.add_task(", ".join(group.methods), total=total)
        session = score(
            localizer,
            images,
            truth,
            rules,
            side=centred_side(data, images),
            max_images=group.max_images,
            protocol=PROTOCOL,
            memory=True,
            progress=lambda done: progress.advance(bar, done),
        )
    session.per_image().save(per_image_file)
    write_rows(session.rows(group.run.benchmark.name, PROTOCOL), rows_file)


def _rules(group: Group, localizer: Localizer, console: Console) -> dict[str, dict[str, str]]:
    """For each method: the rules of all, that of its own paper, those asked for, the chosen threshold."""
    chosen = _thresholds(group, localizer, console)
    rules = {}
    for name, method in group.methods.items():
        own = METHODS[name].own_rule
        texts = dict.fromkeys([*group.run.benchmark.rules, *([own] if own else []), *method.rules])
        rules[name] = {text: text for text in texts}
        if name in chosen:
            rules[name][f"{FULLSUP}:{chosen[name]:.2f}"] = f"fixed:{chosen[name]:.2f}"
    return rules


def _thresholds(group: Group, localizer: Localizer, console: Console) -> dict[str, float]:
    """One threshold for each method; none where the data set has no boxes apart from the test images."""
    data = group.run.config.data
    truth = truth_apart(data, open_images(data, "test"))
    if truth is None:
        return {}
    most = min(filter(None, (group.max_images, group.run.benchmark.threshold_images)), default=0)
    with progress_bar(console) as progress:
        bar = progress.add_task("choosing thresholds", total=min(len(truth), most or len(truth)))
        return choose_thresholds(
            localizer,
            open_images(data, "train-fullsup"),
            truth,
            list(group.methods),
            max_images=most,
            progress=lambda done: progress.advance(bar, done),
        )


def _named(rows: list[Row], group: Group) -> list[Row]:
    """Rows as the table calls them; trivial methods and the classifier come once a run."""
    training = group.run.training
    shared = (*TRIVIAL_METHODS, "classifier")
    kept = [row for row in rows if row.method not in shared or group.first]
    if training.kind != "classifier":
        kept = [
            replace(row, method=training.name) if row.method not in shared else row
            for row in kept
            if row.method not in TRIVIAL_METHODS
        ]
    return [replace(row, preset=training.name) for row in kept]
