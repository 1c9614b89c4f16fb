"""CASM: a masker is trained to confuse the classifier of now and those of before, the classifier to cope.

Zolna et al., Classifier-agnostic saliency map extraction (CVIU 2020). The classifier trains on clean images;
the masker, which reads the classifier's features, hides a part of each image softly; a classifier is shown
the result: the present one, which then trains on it, or with the probability `past` one from a bank of
earlier ones. See `masker_loss` for what the masker lowers.
"""

from __future__ import annotations

import math
from typing import Annotated, Any

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.func import functional_call

from aln.config import Config
from aln.models.masker import Masker
from aln.models.masking import occlude
from aln.training.batches import Batch
from aln.training.steps import classifier_step, finite, frozen
from aln.training.variants.base import VARIANTS, Moment, Setup, Variant, VariantOptions

WARM_UP, MASKING = "warm-up", "masking"
BANK = 30
"""Past classifiers that are kept; from then on a new one replaces one of them at random."""
LARGEST_GRADIENT = 10.0
"""Norm that the masker's gradient is cut down to."""


class CasmOptions(VariantOptions):
    """`past`: share of steps against a past classifier, one of which is kept `every` so many steps.

    `area_weight` λ is the paper's for 1000 classes; here it is scaled by ln C / ln 1000, as the entropy is.
    """

    past: Annotated[float, Field(ge=0, le=1)] = 0.5
    every: Annotated[int, Field(ge=1)] = 100
    area_weight: Annotated[float, Field(ge=0)] = 10.0


@VARIANTS.register("casm")
class ClassifierAgnostic(Variant):
    """A warm-up on clean images (the paper starts from a pretrained classifier), then both networks.

    Attributes:
        bank: Weights of past classifiers.
        steps: Steps done with the masker.
    """

    cite = "Zolna et al., CVIU 2020"
    method = "casm"
    Options = CasmOptions

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self.masker = self.add("masker", Masker(len(self.batches.cache.class_names), self.config.model))
        self.bank: list[dict[str, Tensor]] = []
        self.steps = 0

    @classmethod
    def phases(cls, config: Config) -> dict[str, int]:
        settings = config.training
        return {
            WARM_UP: settings.warmup_epochs,
            MASKING: settings.epochs_after_warmup,
        }

    def step(self, batch: Batch, moment: Moment) -> dict[str, float]:
        settings = self.config.training
        warming_up = moment.phase == WARM_UP
        loss = self._teach(
            batch.images, batch, settings.warmup_lr if warming_up else settings.classifier_lr, moment
        )
        if warming_up:
            return {"classifier_loss": loss}
        self._remember(moment)
        return {"classifier_loss": loss, **self._mask(batch, moment)}

    @torch.inference_mode()
    def maps(self, batch: Batch, phase: str) -> Tensor | None:
        return None if phase == WARM_UP else self._soft_mask(batch.images, training=False)

    def state(self) -> dict[str, Any]:
        return {**super().state(), "bank": self.bank, "steps": self.steps}

    def restore(self, state: dict[str, Any]) -> None:
        super().restore(state)
        self.bank = [
            {name: tensor.to(self.runtime.device) for name, tensor in past.items()} for past in state["bank"]
        ]
        self.steps = state["steps"]

    def _teach(self, images: Tensor, batch: Batch, peak: float, moment: Moment) -> float:
        """A step of the classifier on `images`; gives its loss."""
        optimiser = self.paced("classifier", peak, moment)
        loss, _ = classifier_step(
            self.classifier, optimiser, images, None, batch.labels, clean_weight=0.0, runtime=self.runtime
        )
        return loss

    def _remember(self, moment: Moment) -> None:
        """Put the classifier into the bank, if it is time."""
        self.steps += 1
        if self.bank and self.steps % self.options(CasmOptions).every:
            return
        present = {name: tensor.detach().clone() for name, tensor in self.classifier.state_dict().items()}
        if len(self.bank) < BANK:
            self.bank.append(present)
        else:
            self.bank[int(torch.randint(BANK, (), generator=moment.noise))] = present

    def _mask(self, batch: Batch, moment: Moment) -> dict[str, float]:
        """A step of the masker, and one of the classifier where it was the one that was attacked."""
        settings, options = self.config.training, self.options(CasmOptions)
        optimiser = self.paced("masker", settings.corruption_lr, moment)
        masks = self._soft_mask(batch.images, training=True)
        masked = occlude(batch.images, masks)
        past = self._attacked(options.past, moment.noise)
        with frozen(self.classifier):
            logits = self._classify(masked, past)
            weight = options.area_weight * math.log(logits.shape[1]) / math.log(1000)
            with torch.no_grad():
                clean_logits = self._classify(batch.images, None)
            areas = masks.mean((1, 2))
            loss = masker_loss(clean_logits, logits, batch.labels, areas, weight)
            optimiser.zero_grad(set_to_none=True)
            torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(self.masker.parameters(), LARGEST_GRADIENT)
        optimiser.step()
        if past is None:
            self._teach(masked.detach(), batch, settings.classifier_lr, moment)
        return {
            "corruption_loss": finite(float(loss.detach()), "masker's"),
            "corrupted_accuracy": float((logits.argmax(1) == batch.labels).float().mean()),
            "area": float(areas.detach().mean()),
        }

    def _soft_mask(self, images: Tensor, *, training: bool) -> Tensor:
        """The masker's masks (B, S, S), 0..1, from features of the classifier on population statistics."""
        self.classifier.eval()
        self.masker.train(training)
        with self.runtime.autocast():
            with torch.no_grad():
                features = self.classifier.layer_features(images)
            logits: Tensor = self.masker(features, images.shape[2:])
        return logits.float().sigmoid()

    def _attacked(self, share: float, noise: torch.Generator) -> dict[str, Tensor] | None:
        """Weights of the past classifier to confuse, or None for the present one."""
        if torch.rand((), generator=noise) >= share:
            return None
        return self.bank[int(torch.randint(len(self.bank), (), generator=noise))]

    def _classify(self, images: Tensor, weights: dict[str, Tensor] | None) -> Tensor:
        with self.runtime.autocast():
            logits: Tensor = functional_call(self.classifier, weights or {}, (images,))
        return logits.float()


def masker_loss(
    clean_logits: Tensor, masked_logits: Tensor, labels: Tensor, areas: Tensor, area_weight: float
) -> Tensor:
    """What CASM's masker lowers, a scalar.

    Of images that the classifier gets right when clean: the negative entropy of its answer to the masked
    image. Of those that it also gets wrong when masked: less `area_weight` times what the mask leaves
    visible, so that area only costs where hiding achieves something.

    Args:
        clean_logits: (B, C) of whole images.
        masked_logits: (B, C) of masked images, with a graph to the masks.
        labels: int64 (B,).
        areas: Masked fraction of each image (B,), 0..1, with a graph.
        area_weight: λ.
    """
    right = clean_logits.argmax(1) == labels
    confused = right & (masked_logits.argmax(1) != labels)
    log_probabilities = masked_logits.log_softmax(1)
    negative_entropies = (log_probabilities * log_probabilities.exp()).sum(1)
    visible = (confused.float() - areas).relu()
    return (negative_entropies * right).mean() - area_weight * visible.mean()
