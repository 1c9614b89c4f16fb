"""The training loop: the classifier alone first (warm-up), then both networks against each other."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import torch

from aln.config import Config
from aln.data.cache import ImageCache
from aln.errors import ModelError, TrainingError
from aln.model_io import CONFIG, save_model
from aln.models.classifier import Classifier
from aln.models.corruption import CorruptionNet
from aln.models.networks import Networks
from aln.models.preprocessing import Preprocessing
from aln.training.balance import Balance
from aln.training.batches import Batch, Batches
from aln.training.checkpoints import save_checkpoint
from aln.training.collapse import check_masks
from aln.training.interrupt import Interrupt
from aln.training.pictures import CURVES, SHEETS, sample_indices, write_sheet
from aln.training.progress import TrainingProgress, epoch_line
from aln.training.records import Means, RunLog
from aln.training.runtime import choose_runtime
from aln.training.steps import (
    check_settings,
    classifier_step,
    clean_accuracy,
    corruption_step,
    randomly_occluded,
)
from aln.visualize import training_curves

LAST_RATE = 0.1
"""Learning rate at the end of a phase, relative to its peak."""


class Trainer:
    """Both networks, their optimisers, the balance, and where the run stands.

    Args:
        config: All settings.
        cache: The training images, with labels and superpixels, and no more.
        folder: The run folder; must exist.

    Raises:
        ConfigError: For settings that can't be trained with.
    """

    def __init__(self, config: Config, cache: ImageCache, folder: Path) -> None:
        self.config, self.cache, self.folder = config, cache, folder
        settings = config.training
        check_settings(settings)
        self.runtime = choose_runtime(settings)
        torch.manual_seed(settings.seed)
        device = self.runtime.device
        classes = len(cache.class_names)
        self.classifier = Classifier(classes, config.model).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.corruption = CorruptionNet(config.model).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.optimisers = {
            "classifier": torch.optim.AdamW(self.classifier.parameters(), weight_decay=settings.weight_decay),
            "corruption": torch.optim.AdamW(self.corruption.parameters(), weight_decay=settings.weight_decay),
        }
        self.preprocessing = Preprocessing(config.model.input_size, cache.mean, cache.std)
        self.batches = Batches(
            cache,
            self.preprocessing,
            settings.batch_size,
            settings.seed,
            settings.flip,
            settings.shift,
            device,
            settings.max_images,
            settings.epoch_images,
        )
        self.epoch = self.step = 0
        self.balance: Balance | None = None
        self.clean_accuracy = 1 / classes
        self.means = Means()

    @property
    def epochs(self) -> int:
        """Epochs of both phases together."""
        return self.config.training.warmup_epochs + self.config.training.epochs

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
            for batch in self.batches.epoch(self.epoch, start=self.step):
                self._train_on(batch)
                self.step += 1
                seen += len(batch.labels)
                speed = seen / (time.monotonic() - started)
                progress.step(self._title(), self._shown(), speed)
                if interrupt.asked and self.step < self.batches.steps:
                    save_checkpoint(self.folder, self.state())
                    raise KeyboardInterrupt
            self._end_epoch(log, progress, seconds=time.monotonic() - started)
            if interrupt.asked and self.epoch < self.epochs:
                raise KeyboardInterrupt

    def finish(self, log: RunLog) -> None:
        """Draw the curves, and save the trained model with its provenance."""
        networks = Networks(
            self.classifier.eval(), self.corruption.eval(), self.preprocessing, self.config.superpixels
        )
        records = log.records()
        provenance = {
            "preset": self.config.preset,
            "seed": self.config.training.seed,
            "data_fingerprint": self.cache.fingerprint,
            "images": len(self.batches.indices),
            "epochs": self.epochs,
            "seconds": round(sum(record["seconds"] for record in records), 1),
            "training": {key: value for key, value in records[-1].items() if key not in ("epoch", "seconds")},
        }
        training_curves(records, self.folder / CURVES)
        save_model(self.folder, networks, self.cache.class_names, self.config, provenance)

    def state(self) -> dict[str, Any]:
        """Everything that a checkpoint holds."""
        return {
            "fingerprint": self.cache.fingerprint,
            "settings": self._settings(),
            "epoch": self.epoch,
            "step": self.step,
            "clean_accuracy": self.clean_accuracy,
            "balance": self.balance.state() if self.balance else None,
            "means": self.means.state(),
            "classifier": self.classifier.state_dict(),
            "corruption": self.corruption.state_dict(),
            "optimisers": {name: optimiser.state_dict() for name, optimiser in self.optimisers.items()},
        }

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
        if state["settings"] != self._settings():
            raise ModelError(
                f"{self.folder / CONFIG}: was changed since the checkpoint beside it was written; undo the "
                "change, or train again with --overwrite"
            )
        self.epoch, self.step = state["epoch"], state["step"]
        self.clean_accuracy = state["clean_accuracy"]
        self.means = Means(state["means"])
        self.classifier.load_state_dict(state["classifier"])
        self.corruption.load_state_dict(state["corruption"])
        for name, optimiser in self.optimisers.items():
            optimiser.load_state_dict(state["optimisers"][name])
        if state["balance"]:
            self.balance = Balance(config=self.config.balance, **state["balance"])

    def _settings(self) -> str:
        """The settings that a run can't change on its way; where it runs and reads from it may."""
        return self.config.model_dump_json(exclude={"data": {"path"}, "training": {"device", "threads"}})

    @property
    def _warming_up(self) -> bool:
        return self.epoch < self.config.training.warmup_epochs

    def _train_on(self, batch: Batch) -> None:
        if self._warming_up:
            self._warm_up(batch)
        else:
            self._oppose(batch)

    def _warm_up(self, batch: Batch) -> None:
        settings = self.config.training
        optimiser = self._paced("classifier", settings.warmup_lr)
        noise = self.batches.noise(self.epoch, self.step)
        shown = randomly_occluded(batch, self.cache.n_segments, settings.warmup_occlusion, noise)
        loss, accuracy = classifier_step(
            self.classifier,
            optimiser,
            shown,
            None,
            batch.labels,
            clean_weight=0.0,
            runtime=self.runtime,
        )
        self.means.add(classifier_loss=loss, clean_accuracy=accuracy)

    def _oppose(self, batch: Batch) -> None:
        """One iteration of the game: a corruption step, then, if the balance says so, a classifier step."""
        settings = self.config.training
        if self.balance is None:
            area = self.config.balance.target_area
            self.balance = Balance.start(
                self.config.balance, len(self.cache.class_names), self.clean_accuracy, area
            )
        result = corruption_step(
            self.classifier,
            self.corruption,
            self._paced("corruption", settings.corruption_lr),
            batch,
            n_segments=self.cache.n_segments,
            area_weight=self.balance.area_weight,
            area_power=self.config.balance.area_power,
            config=settings,
            runtime=self.runtime,
            noise=self.batches.noise(self.epoch, self.step),
        )
        self.balance.update(result.accuracy, result.area)
        trains = self.balance.classifier_trains
        if trains:
            loss, _ = classifier_step(
                self.classifier,
                self._paced("classifier", settings.classifier_lr),
                batch.images,
                result.masked,
                batch.labels,
                clean_weight=settings.clean_weight,
                runtime=self.runtime,
                freeze_statistics=settings.freeze_statistics,
            )
            self.means.add(classifier_loss=loss)
        self.means.add(
            corruption_loss=result.loss,
            corrupted_accuracy=result.accuracy,
            area=result.area,
            classifier_trains=float(trains),
        )

    def _paced(self, name: str, peak: float) -> torch.optim.Optimizer:
        """The optimiser with its learning rate for this step: a cosine from the peak, over the phase."""
        warmup = self.config.training.warmup_epochs
        first, last = (0, warmup) if self._warming_up else (warmup, self.epochs)
        passed = (self.steps_done - first * self.batches.steps) / ((last - first) * self.batches.steps)
        rate = peak * (LAST_RATE + (1 - LAST_RATE) * 0.5 * (1 + math.cos(math.pi * passed)))
        optimiser = self.optimisers[name]
        for group in optimiser.param_groups:
            group["lr"] = rate
        return optimiser

    def _end_epoch(self, log: RunLog, progress: TrainingProgress, seconds: float) -> None:
        means = self.means.means()
        if not self._warming_up:
            check_masks(means["area"], self.epoch)
        self.clean_accuracy = clean_accuracy(self.classifier, self.batches, self.runtime)
        record = {
            "epoch": self.epoch,
            "phase": "warm-up" if self._warming_up else "adversarial",
            **{name: round(value, 6) for name, value in means.items()},
            "clean_accuracy": round(self.clean_accuracy, 6),
            "seconds": round(seconds, 2),
        }
        if self.balance:
            record["area_weight"] = self.balance.area_weight
        progress.say(self._title() + "  " + epoch_line(record))
        if not self._warming_up:
            indices = sample_indices(self.cache)
            path = self.folder / SHEETS / f"epoch_{self.epoch:03d}.png"
            write_sheet(path, self.cache, self.batches.plain(indices), indices, self.corruption)
        self.epoch, self.step, self.means = self.epoch + 1, 0, Means()
        log.add(record)  # before the checkpoint: a line without one is dropped on resuming, not the reverse
        save_checkpoint(self.folder, self.state())

    def _title(self) -> str:
        return f"{'warm-up' if self._warming_up else 'adversarial'} epoch {self.epoch + 1}/{self.epochs}"

    def _shown(self) -> dict[str, float]:
        means = {"clean_accuracy": self.clean_accuracy} | self.means.means()
        return means | ({"area_weight": self.balance.area_weight} if self.balance else {})
