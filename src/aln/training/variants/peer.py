"""What trained peers share: the same classifier at the same budget, trained in another way."""

from __future__ import annotations

from abc import abstractmethod

import torch
from torch import Tensor

from aln.config import Config
from aln.training.batches import Batch
from aln.training.steps import finite
from aln.training.variants.base import Moment, Variant

PHASE = "training"


class Peer(Variant):
    """One loss for all its networks, for as many epochs as all phases of ALN have together.

    The learning rate is the warm-up's, one cosine over all epochs.
    """

    method = "cam"

    @classmethod
    def phases(cls, config: Config) -> dict[str, int]:
        settings = config.training
        return {PHASE: settings.warmup_epochs + settings.epochs_after_warmup}

    @abstractmethod
    def loss(self, batch: Batch, moment: Moment) -> tuple[Tensor, dict[str, float]]:
        """What is lowered, a scalar with its graph, and further figures for the log."""

    def step(self, batch: Batch, moment: Moment) -> dict[str, float]:
        for network in self.networks.values():
            network.train()
        loss, figures = self.loss(batch, moment)
        optimisers = [self.paced(name, self.config.training.warmup_lr, moment) for name in self.networks]
        for optimiser in optimisers:
            optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        for optimiser in optimisers:
            optimiser.step()
        return {"classifier_loss": finite(float(loss.detach()), "classification"), **figures}

    def classify(self, images: Tensor) -> Tensor:
        """The classifier's logits, float32 (B, C)."""
        with self.runtime.autocast():
            logits: Tensor = self.classifier(images)
        return logits.float()
