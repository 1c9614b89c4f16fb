"""The training engine: epochs, learning rates, checkpoints, the log and pictures, for every variant alike."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError

from aln.config import Config
from aln.data.base import Split
from aln.data.cache import ImageCache
from aln.errors import DataError, ModelError, TrainingError
from aln.model_io import CONFIG, SavedModel, save_model
from aln.models.preprocessing import Preprocessing
from aln.training.batches import Batch, Batches
from aln.training.checkpoints import save_checkpoint
from aln.training.interrupt import Interrupt
from aln.training.pictures import CURVES, SHEETS, drawing, sample_indices, write_sheet
from aln.training.progress import TrainingProgress, epoch_line
from aln.training.records import Means, RunLog
from aln.training.runtime import choose_runtime
from aln.training.steps import clean_accuracy
from aln.training.variants import Moment, OpenSplit, Setup, chosen_variant
from aln.training.warm_start import begin_with
from aln.visualize import training_curves

LAST_RATE = 0.1
"""Learning rate at the end of a phase, relative to its peak."""


class Trainer:
    """A variant's networks, its batches, and where the run stands.

    Args:
        config: All settings.
        cache: The training images, with labels and superpixels, and no more.
        folder: The run folder; must exist.
        open_split: For a variant that learns from other photographs too; by default there are no others.

    Raises:
        ConfigError: For settings that can't be trained with.
    """

    def __init__(
        self, config: Config, cache: ImageCache, folder: Path, open_split: OpenSplit | None = None
    ) -> None:
        self.config, self.cache, self.folder = config, cache, folder
        settings = config.training
        chosen = chosen_variant(config)
        self.runtime = choose_runtime(settings)
        torch.manual_seed(settings.seed)
        self.batches = Batches(
            cache,
            Preprocessing(config.model.input_size, cache.mean, cache.std),
            settings.batch_size,
            settings.seed,
            settings.flip,
            settings.shift,
            self.runtime.device,
            settings.max_images,
            settings.epoch_images,
        )
        self.variant = chosen(Setup(config, self.batches, self.runtime, open_split or _no_other_split))
        self.phases = chosen.phases(config)
        self.epoch = self.step = 0
        self.clean_accuracy = self.batches.chance
        self.means = Means()
        self.seconds = 0.0

    @property
    def epochs(self) -> int:
        """Epochs of all phases together."""
        return sum(self.phases.values())

    @property
    def finished(self) -> bool:
        """Whether no epoch is left."""
        return self.epoch >= self.epochs

    @property
    def steps_done(self) -> int:
        """Steps since the start of the run."""
        return self.epoch * self.batches.steps + self.step

    def run(self, progress: TrainingProgress, interrupt: Interrupt, log: RunLog) -> None:
        """Train to the end, or until `interrupt` is asked for.

        Raises:
            TrainingError: For a loss that is not finite or masks that collapsed.
            KeyboardInterrupt: After saving, when asked to stop.
        """
        while self.epoch < self.epochs:
            started, seen = time.monotonic(), 0
            earlier = self.seconds
            for batch in self.batches.epoch(self.epoch, start=self.step):
                self._train_on(batch)
                self.step += 1
                seen += len(batch.labels)
                passed = time.monotonic() - started
                self.seconds = earlier + passed
                progress.step(self._title(), self._shown(), seen / passed)
                if interrupt.asked and self.step < self.batches.steps:
                    save_checkpoint(self.folder, self.state())
                    raise KeyboardInterrupt
            self._end_epoch(log, progress)
            if interrupt.asked and self.epoch < self.epochs:
                raise KeyboardInterrupt

    def finish(self, log: RunLog) -> None:
        """Draw the curves, and save the trained model with its provenance."""
        records = log.records()
        provenance = {
            "preset": self.config.preset,
            "seed": self.config.training.seed,
            "data_fingerprint": self.cache.fingerprint,
            "images": len(self.batches.indices),
            "epochs": self.epochs,
            "seconds": round(sum(record["seconds"] for record in records), 1),
            **self.runtime.provenance(),
            "training": {key: value for key, value in records[-1].items() if key not in ("epoch", "seconds")},
        }
        with drawing(self.folder / CURVES):
            training_curves(records, self.folder / CURVES)
        save_model(self.folder, self.variant.trained(), self.cache.class_names, self.config, provenance)

    def state(self) -> dict[str, Any]:
        """Everything that a checkpoint holds."""
        return {
            "fingerprint": self.cache.fingerprint,
            "settings": _lasting(self.config),
            "epoch": self.epoch,
            "step": self.step,
            "clean_accuracy": self.clean_accuracy,
            "means": self.means.state(),
            "seconds": self.seconds,
            **self.variant.state(),
        }

    def begin_with(self, saved: SavedModel) -> None:
        """Start with the classifier of another run; raises ModelError where its classes are others."""
        begin_with(saved, self.variant.classifier, self.cache.class_names)
        self.clean_accuracy = clean_accuracy(self.variant.classifier, self.batches, self.runtime)

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from a checkpoint's state.

        Raises:
            TrainingError: If it was made with other photographs.
            ModelError: If the settings have changed.
        """
        if state["fingerprint"] != self.cache.fingerprint:
            raise TrainingError(
                f"{self.folder}: the photographs have changed since this run was started, or are others; "
                "give those it was started with, or train again with --overwrite"
            )
        if not self._same_settings(state["settings"]):
            raise ModelError(
                f"{self.folder / CONFIG}: was changed since the checkpoint beside it was written; undo the "
                "change, or train again with --overwrite"
            )
        self.epoch, self.step = state["epoch"], state["step"]
        self.clean_accuracy = state["clean_accuracy"]
        self.means, self.seconds = Means(state["means"]), state["seconds"]
        self.variant.restore(state)

    def _same_settings(self, kept: str) -> bool:
        """Whether a run was begun with these; a setting that is newer than its checkpoint had its default."""
        try:
            return _lasting(Config.model_validate_json(kept)) == _lasting(self.config)
        except ValidationError:
            return False

    def _train_on(self, batch: Batch) -> None:
        phase, passed = self._position()
        pace = LAST_RATE + (1 - LAST_RATE) * 0.5 * (1 + math.cos(math.pi * passed))
        noise = self.batches.noise(self.epoch, self.step)
        self.means.add(**self.variant.step(batch, Moment(phase, pace, self.clean_accuracy, noise)))

    def _position(self) -> tuple[str, float]:
        """Name of the phase, and how much of it has passed, 0..1."""
        first = 0
        for phase, epochs in self.phases.items():
            if self.epoch < first + epochs:
                steps = self.batches.steps
                return phase, (self.steps_done - first * steps) / (epochs * steps)
            first += epochs
        raise IndexError("the run is over")

    def _end_epoch(self, log: RunLog, progress: TrainingProgress) -> None:
        phase, means = self._position()[0], self.means.means()
        self.variant.check_epoch(means, self.epoch, phase)
        self.clean_accuracy = clean_accuracy(self.variant.classifier, self.batches, self.runtime)
        record = {
            "epoch": self.epoch,
            "phase": phase,
            **{name: round(value, 6) for name, value in means.items()},
            "clean_accuracy": round(self.clean_accuracy, 6),
            "seconds": round(self.seconds, 2),
            **self.variant.figures(),
        }
        progress.say(self._title() + "  " + epoch_line(record))
        self._draw(phase)
        self.epoch, self.step, self.means, self.seconds = self.epoch + 1, 0, Means(), 0.0
        log.add(record)  # before the checkpoint: a line without one is dropped on resuming, not the reverse
        save_checkpoint(self.folder, self.state())

    def _draw(self, phase: str) -> None:
        indices = sample_indices(self.cache)
        maps = self.variant.maps(self.batches.plain(indices), phase)
        if maps is not None:
            path = self.folder / SHEETS / f"epoch_{self.epoch:03d}.png"
            with drawing(path):
                write_sheet(path, self.cache.images[indices], maps)

    def _title(self) -> str:
        return f"{self._position()[0]} epoch {self.epoch + 1}/{self.epochs}"

    def _shown(self) -> dict[str, float]:
        return {"clean_accuracy": self.clean_accuracy} | self.means.means() | self.variant.figures()


def _lasting(config: Config) -> str:
    """The settings that a run can't change on its way, as JSON; where it runs and reads from it may."""
    free = {"data": {"path"}, "training": {"device", "threads", "warm_start"}}
    return config.model_dump_json(exclude=free)


def _no_other_split(split: Split) -> ImageCache:
    raise DataError(f"the split {split} was not opened for training")
