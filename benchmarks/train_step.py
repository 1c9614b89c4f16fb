"""A whole training iteration against the bare passes that the algorithm needs.

    OMP_NUM_THREADS=1 python benchmarks/train_step.py

Whole: `aln train`'s own loop. The batch from the image cache, augmentation, masks, both networks, optimisers,
balance, log and a progress bar that is drawn. Bare: forward and backward passes of the same networks in the
same precision on tensors made beforehand, and nothing else:

* the corruption net, forward and backward;
* the classifier on the masked images: forward for every mask, and for its inverse where both sides count;
  backward to the images too where the gradient estimator needs it;
* the classifier, forward and backward, in iterations in which it trains.

They take turns, one iteration each in the same process, so that a busy moment slows both. Times are medians,
the ratio is that of the medians. The first iterations of a phase are left out.

Writes results/train_step.json (a flat list of rows) and results/train_step.md (made from it).
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import shlex
import sys
import time
from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import cast

import torch
from rich.console import Console
from torch import Tensor

from aln.config import Config, load_config
from aln.data import open_images
from aln.data.cache import default_cache_root, open_cache
from aln.models.corruption import CorruptionNet, occlusion_logits
from aln.training.interrupt import Interrupt
from aln.training.progress import TrainingProgress
from aln.training.records import RunLog
from aln.training.steps import frozen
from aln.training.trainer import Trainer

PRESETS = ("default", "poster")
ALLOWED = 1.25
SKIPPED = 5
BACKWARD_TO_IMAGES = {"straight_through": True, "concrete": True, "rloo": False}
"""Gradient estimators, and whether they need the classifier's gradient at the masked images."""

WARM_UP, ALONE, BOTH = "warm-up", "corruption net alone", "both networks"
REGIMES = {ALONE: ("balance.gate=true", "balance.target_fraction=0"), BOTH: ("balance.gate=false",)}
"""Iterations that are measured, beside the warm-up, and the settings that bring them about."""

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Row:
    """One preset in one kind of iteration; milliseconds for a batch."""

    preset: str
    iteration: str
    estimator: str
    masks_per_image: int
    batch_size: int
    precision: str
    threads: int
    whole_ms: float
    bare_ms: float
    ratio: float
    images_per_second: float
    iterations: int


class BarePasses:
    """The passes of one iteration, on copies of a trainer's networks and one of its batches."""

    def __init__(self, trainer: Trainer) -> None:
        settings = trainer.config.training
        self.runtime = trainer.runtime
        self.to_images = BACKWARD_TO_IMAGES[settings.estimator]
        self.classifier = copy.deepcopy(trainer.variant.classifier)
        self.corruption = cast(CorruptionNet, copy.deepcopy(trainer.variant.networks["corruption"]))
        self.images = next(trainer.batches.epoch(0)).images
        self.sides = 2 if settings.preserve_weight else 1
        self.masked = torch.cat([self.images] * settings.masks_per_image)
        self.frozen_statistics = settings.freeze_statistics
        self.shown = torch.cat([self.images] * 2) if settings.clean_weight else self.images

    def corruption_passes(self) -> None:
        """Of an iteration in which the corruption net trains."""
        self.corruption.train()
        self.classifier.eval()
        with self.runtime.autocast():
            logits = occlusion_logits(self.corruption, self.classifier, self.images)
        with frozen(self.classifier), torch.set_grad_enabled(self.to_images):
            outputs = [self._masked_logits() for _ in range(self.sides)]
            if self.to_images:
                _backward(*outputs)
        _backward(logits)
        self.corruption.zero_grad(set_to_none=True)

    def classifier_passes(self, images: Tensor, *, frozen_statistics: bool) -> None:
        """Of an iteration in which the classifier trains on `images`."""
        self.classifier.train(not frozen_statistics)
        with self.runtime.autocast():
            logits = self.classifier(images)
        _backward(logits)
        self.classifier.zero_grad(set_to_none=True)

    def seconds(self, iteration: str) -> float:
        """Time of the passes of one kind of iteration."""
        start = time.perf_counter()
        if iteration == WARM_UP:
            self.classifier_passes(self.images, frozen_statistics=False)
        else:
            self.corruption_passes()
            if iteration == BOTH:
                self.classifier_passes(self.shown, frozen_statistics=self.frozen_statistics)
        return time.perf_counter() - start

    def _masked_logits(self) -> Tensor:
        images = self.masked.detach().requires_grad_(self.to_images)
        with self.runtime.autocast():
            logits: Tensor = self.classifier(images)
        return logits


def _backward(*outputs: Tensor) -> None:
    torch.autograd.backward(outputs, [torch.ones_like(output) for output in outputs])


class TakingTurns(TrainingProgress):
    """Training's progress bar; it also runs the bare passes after each iteration, and takes both times."""

    def __init__(self, trainer: Trainer, console: Console) -> None:
        super().__init__(console, trainer.epochs * trainer.batches.steps, 0)
        self.trainer = trainer
        self.bare = BarePasses(trainer)
        self.times: dict[str, list[tuple[float, float]]] = defaultdict(list)
        self.begin = time.perf_counter()

    def step(self, title: str, means: dict[str, float], images_per_second: float) -> None:
        super().step(title, means, images_per_second)
        whole = time.perf_counter() - self.begin
        iteration = self._iteration()
        self.times[iteration].append((whole, self.bare.seconds(iteration)))
        self.begin = time.perf_counter()

    def _iteration(self) -> str:
        trainer, balance = self.trainer, getattr(self.trainer.variant, "balance", None)
        if trainer.epoch < trainer.config.training.warmup_epochs or balance is None:
            return WARM_UP
        return BOTH if balance.classifier_trains else ALONE


def train_in_turns(config: Config, folder: Path) -> TakingTurns:
    """A training of one epoch in each phase, and what its iterations took."""
    cache = open_cache(
        open_images(config.data, "train-weaksup"),
        config.model.input_size,
        config.superpixels,
        default_cache_root(),
    )
    trainer = Trainer(config, cache, folder)
    log = RunLog(folder, 0)
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        console = Console(file=nowhere, force_terminal=True)
        progress = TakingTurns(trainer, console)
        with Interrupt() as interrupt, progress:
            trainer.run(progress, interrupt, log)
    return progress


def measured(preset: str, steps: int, threads: int) -> list[Row]:
    """The rows of one preset."""
    times: dict[str, list[tuple[float, float]]] = {}
    for iteration, settings in REGIMES.items():
        config = configured(preset, steps, threads, settings)
        with TemporaryDirectory() as folder:
            turns = train_in_turns(config, Path(folder))
        times.setdefault(WARM_UP, turns.times[WARM_UP])
        times[iteration] = turns.times[iteration]
        bf16 = turns.bare.runtime.bf16
    return [row(config, name, pairs[SKIPPED:], "bf16" if bf16 else "fp32") for name, pairs in times.items()]


def configured(preset: str, steps: int, threads: int, settings: tuple[str, ...]) -> Config:
    """The preset with one epoch of `steps` iterations in each phase, on synthetic images."""
    own = load_config(preset).training
    one_pass = ("training.warmup_epochs=1", "training.epochs=1", "training.epoch_images=0")
    overrides = (*one_pass, f"training.threads={threads}")
    data = {"path": "shapes", "format": "shapes", "options": {"count": steps * own.batch_size}}
    return load_config(preset, [*overrides, *settings], settings={"data": data})


def row(config: Config, iteration: str, pairs: list[tuple[float, float]], precision: str) -> Row:
    """Medians over the iterations."""
    settings = config.training
    whole, bare = (1e3 * median(times) for times in zip(*pairs, strict=True))
    return Row(
        config.preset,
        iteration,
        settings.estimator,
        settings.masks_per_image,
        settings.batch_size,
        precision,
        settings.threads,
        round(whole, 3),
        round(bare, 3),
        round(whole / bare, 4),
        round(1e3 * settings.batch_size / whole, 1),
        len(pairs),
    )


def markdown(rows: list[Row]) -> str:
    """The rows as one table."""
    command = shlex.join(["python", "benchmarks/train_step.py", *sys.argv[1:]])
    lines = [
        "# A whole training iteration against its bare passes",
        "",
        f"Made by `{command}`, whose first lines say what is in either. Synthetic 64×64 "
        f"images, {rows[0].precision}, {rows[0].threads} thread(s), medians. At most {ALLOWED} is allowed.",
        "",
        "| preset | iteration | estimator, masks | batch | whole ms | bare ms | ratio | images/s | n |",
        "| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {r.preset} | {r.iteration} | {r.estimator}, {r.masks_per_image} | {r.batch_size} | "
        f"{r.whole_ms:.1f} | {r.bare_ms:.1f} | {r.ratio:.2f} | {r.images_per_second:.0f} | {r.iterations} |"
        for r in rows
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--steps", type=int, default=60, help="iterations of each kind")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder for the results")
    arguments = parser.parse_args()
    rows = [row for preset in PRESETS for row in measured(preset, arguments.steps, arguments.threads)]
    arguments.out.mkdir(parents=True, exist_ok=True)
    text = json.dumps([asdict(row) for row in rows], indent=1) + "\n"
    (arguments.out / "train_step.json").write_text(text)
    (arguments.out / "train_step.md").write_text(markdown(rows), encoding="utf-8")
    print(markdown(rows))


if __name__ == "__main__":
    main()
