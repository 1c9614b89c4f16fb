"""The Adversarial Localization Network: the classifier alone, the game of both nets, then each net alone.

Fine-tuning on whole images gives the classifier back what the game cost it; in self-training the corruption
net learns its own masks again.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from aln.config import Config
from aln.errors import ConfigError
from aln.models.corruption import CorruptionNet, occlusion_logits
from aln.models.masking import probability_map
from aln.models.networks import Networks
from aln.training.balance import Balance
from aln.training.batches import Batch
from aln.training.collapse import check_masks
from aln.training.self_training import Teacher, cropped, self_training_step
from aln.training.steps import check_settings, classifier_step, confidence, corruption_step
from aln.training.variants.base import VARIANTS, Moment, Setup
from aln.training.variants.classifier import WARM_UP, ClassifierAlone

GAME = "adversarial"
FINE_TUNING = "fine-tuning"
SELF_TRAINING = "self-training"


@VARIANTS.register("aln")
class AlnGame(ClassifierAlone):
    """The game of Fan, Zhao, Ermon (LLD workshop at NIPS 2017).

    Attributes:
        balance: Who trains, and the price of a masked pixel; None before the game begins.
        teacher: Whose masks are learnt again; None before the game is over.
    """

    cite = "Fan, Zhao, Ermon, LLD workshop at NIPS 2017"
    method = "aln"

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self.corruption = self.add("corruption", CorruptionNet(self.config.model))
        self.balance: Balance | None = None
        self.teacher: Teacher | None = None

    @classmethod
    def check(cls, config: Config) -> None:
        settings = config.training
        check_settings(settings)
        if not settings.warmup_epochs and not settings.warm_start:
            _refuse_what_needs_a_start(config)
        layers = len(config.model.classifier_widths) + 1
        if settings.trainable_layers > layers:
            raise ConfigError(
                f"training.trainable_layers={settings.trainable_layers}: the classifier has {layers} "
                "layers with its head; -1 trains all of them"
            )

    @classmethod
    def phases(cls, config: Config) -> dict[str, int]:
        settings = config.training
        return {
            WARM_UP: settings.warmup_epochs,
            GAME: settings.epochs,
            FINE_TUNING: settings.fine_tuning_epochs,
            SELF_TRAINING: settings.self_training_epochs,
        }

    def step(self, batch: Batch, moment: Moment) -> dict[str, float]:
        if moment.phase == WARM_UP:
            return super().step(batch, moment)
        if moment.phase == GAME:
            return self._oppose(batch, moment)
        self.teacher = self.teacher or self._prepared_teacher()
        if moment.phase == FINE_TUNING:
            return self._see_whole_images(batch, moment)
        return self._learn_masks(batch, self.teacher, moment)

    def check_epoch(self, means: dict[str, float], epoch: int, phase: str) -> None:
        if phase == GAME:
            check_masks(means["area"], epoch)

    def figures(self) -> dict[str, float]:
        return {"area_weight": self.balance.area_weight} if self.balance and not self.teacher else {}

    @torch.inference_mode()
    def maps(self, batch: Batch, phase: str) -> Tensor | None:
        """Occlusion probabilities, once the corruption net trains."""
        if phase == WARM_UP:
            return None
        logits = occlusion_logits(self.corruption.eval(), self.classifier.eval(), batch.images)
        return probability_map(logits, batch.segments, self.batches.cache.n_segments)

    def trained(self) -> Networks:
        networks = super().trained()
        networks.corruption = self.corruption.eval()
        return networks

    def state(self) -> dict[str, Any]:
        return {
            **super().state(),
            "balance": self.balance.state() if self.balance else None,
            "teacher": self.teacher.state_dict() if self.teacher else None,
        }

    def restore(self, state: dict[str, Any]) -> None:
        super().restore(state)
        if state["balance"]:
            self.balance = Balance(config=self.config.balance, **state["balance"])
        if state["teacher"]:
            self.teacher = self._new_teacher()
            self.teacher.load_state_dict(state["teacher"])

    def _oppose(self, batch: Batch, moment: Moment) -> dict[str, float]:
        """One iteration of the game: a corruption step, then, if the balance says so, a classifier step."""
        settings = self.config.training
        cache = self.batches.cache
        if self.balance is None:
            area = self.config.balance.target_area
            self.balance = Balance.start(
                self.config.balance, self.batches.chance, moment.clean_accuracy, area
            )
        result = corruption_step(
            self.classifier,
            self.corruption,
            self.paced("corruption", settings.corruption_lr, moment),
            batch,
            n_segments=cache.n_segments,
            area_weight=self._area_weight(self.balance, batch),
            area_power=self.config.balance.area_power,
            config=settings,
            runtime=self.runtime,
            noise=moment.noise,
        )
        self.balance.update(result.accuracy, result.area)
        trains = self.balance.classifier_trains and settings.trainable_layers != 0
        figures = {
            "corruption_loss": result.loss,
            "corrupted_accuracy": result.accuracy,
            "area": result.area,
            "classifier_trains": float(trains),
        }
        if trains:
            figures["classifier_loss"], _ = classifier_step(
                self.classifier,
                self.paced("classifier", settings.classifier_lr, moment),
                batch.images,
                result.masked,
                batch.labels,
                clean_weight=settings.clean_weight,
                runtime=self.runtime,
                freeze_statistics=settings.freeze_statistics,
                fixed=self._fixed(),
            )
        return figures

    def _see_whole_images(self, batch: Batch, moment: Moment) -> dict[str, float]:
        """One iteration of fine-tuning: the classifier learns images as they will be asked for."""
        peak = self.config.training.fine_tuning_lr
        loss, _ = self.learn_classes(batch.images, batch.labels, peak, moment)
        return {"classifier_loss": loss}

    def _learn_masks(self, batch: Batch, teacher: Teacher, moment: Moment) -> dict[str, float]:
        """One iteration of self-training: what the teacher hides is found again in crops."""
        self.corruption.trust.copy_(teacher.prior.trust)
        masks = teacher.masks(batch, self.batches.cache.n_segments)
        images, found = cropped(batch.images, masks, moment.noise)
        optimiser = self.paced("corruption", self.config.training.corruption_lr, moment)
        loss = self_training_step(
            self.classifier, self.corruption, optimiser, images, found, runtime=self.runtime
        )
        return {"corruption_loss": loss, "area": float(masks.mean())}

    def _prepared_teacher(self) -> Teacher:
        """Both networks as they are now; how far the masks can be trusted is measured."""
        teacher = self._new_teacher()
        teacher.prepare(self.batches)
        return teacher

    def _new_teacher(self) -> Teacher:
        return Teacher(self.classifier, self.corruption, self.config.model).to(self.runtime.device)

    def _area_weight(self, balance: Balance, batch: Batch) -> float:
        """Price of the masked area in this step, in units of the objective."""
        unit = confidence(self.classifier, batch, self.runtime) if self.config.balance.relative else 1.0
        return unit * balance.area_weight

    def _fixed(self) -> list[nn.Module]:
        """The classifier's layers that don't train in the game."""
        count = self.config.training.trainable_layers
        return [] if count < 0 else self.classifier.from_output()[count:]


def _refuse_what_needs_a_start(config: Config) -> None:
    """A classifier that begins the game untrained has no batch statistics, and is as good as chance."""
    balance, settings = config.balance, config.training
    needing = {
        "training.freeze_statistics=false": (
            settings.freeze_statistics and config.model.classifier_norm == "batch"
        ),
        "balance.gate=false": balance.gate,
        "balance.steer=none": balance.steer == "accuracy",
    }
    if changes := [change for change, needs in needing.items() if needs]:
        raise ConfigError(
            "training.warmup_epochs=0: the game goes by the accuracy and the batch statistics that the "
            "classifier begins with, so without a start it would never learn; set at least 1, or give "
            f"training.warm_start, or else set {' and '.join(changes)}"
        )
