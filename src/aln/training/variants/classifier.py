"""The classifier alone, trained as in the warm-up of the game: for class activation maps, or as a start."""

from __future__ import annotations

from torch import Tensor

from aln.config import Config
from aln.errors import ConfigError
from aln.training.batches import Batch
from aln.training.steps import classifier_step, randomly_occluded
from aln.training.variants.base import VARIANTS, Moment, Variant

WARM_UP = "warm-up"


@VARIANTS.register("classifier")
class ClassifierAlone(Variant):
    """Cross-entropy on images of which two thirds lose a random share of their superpixels."""

    cite = "the warm-up of ALN"
    method = "cam"

    @classmethod
    def check(cls, config: Config) -> None:
        if not config.training.warmup_epochs:
            raise ConfigError("a classifier alone trains for training.warmup_epochs; set at least 1")

    @classmethod
    def phases(cls, config: Config) -> dict[str, int]:
        return {WARM_UP: config.training.warmup_epochs}

    def step(self, batch: Batch, moment: Moment) -> dict[str, float]:
        settings = self.config.training
        n_segments = self.batches.cache.n_segments
        shown = randomly_occluded(batch, n_segments, settings.warmup_occlusion, moment.noise)
        loss, accuracy = self.learn_classes(shown, batch.labels, settings.warmup_lr, moment)
        return {"classifier_loss": loss, "clean_accuracy": accuracy}

    def learn_classes(
        self, images: Tensor, labels: Tensor, peak: float, moment: Moment
    ) -> tuple[float, float]:
        """Train the classifier on images (B, 3, S, S) as they are; returns loss and accuracy."""
        return classifier_step(
            self.classifier,
            self.paced("classifier", peak, moment),
            images,
            None,
            labels,
            clean_weight=0.0,
            runtime=self.runtime,
        )
