"""`Localizer`: a trained model that turns photographs into `Localization`s, the same way for every method."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from aln.boxes import FloatArray, Rule, binarise, boxes_from_mask, parse_rule
from aln.config import Config
from aln.data.images import resize_to_input
from aln.errors import ConfigError, ModelError
from aln.localization import Localization
from aln.methods import METHODS, Method
from aln.model_io import Provenance, load_model, save_model
from aln.models.networks import Networks
from aln.score_map import bring_back
from aln.sources import Image, Photograph, Source, batches, opened

Boxes = Literal["largest", "all"]


@dataclass(frozen=True)
class Task:
    """A method with its options, checked."""

    method: Method
    options: dict[str, float]


@dataclass(frozen=True, eq=False)
class Localizer:
    """A trained model.

    Attributes:
        networks: The networks and their preprocessing.
        class_names: Names of the C classes.
        config: The settings of its run; `config.localize` holds the defaults of `localize`.
        provenance: How the model came to be.
    """

    networks: Networks
    class_names: tuple[str, ...]
    config: Config
    provenance: Provenance

    @classmethod
    def load(cls, path: Path | str, device: str = "cpu") -> Localizer:
        """Read a model folder.

        Raises:
            ModelError, ConfigError: If the folder holds no usable model, or this machine lacks `device`;
                names what is wrong.
        """
        saved = load_model(Path(path), device)
        return cls(saved.networks, saved.class_names, saved.config, saved.provenance)

    def save(self, path: Path | str) -> None:
        """Write a model folder that `load` gives back.

        Raises:
            ModelError: If the folder can't be written.
        """
        save_model(Path(path), self.networks, self.class_names, self.config, self.provenance)

    def localize(
        self,
        sources: Iterable[Source],
        *,
        labels: Iterable[int] | None = None,
        method: str | None = None,
        rule: str | None = None,
        boxes: Boxes | None = None,
        on_error: Callable[[str, Exception], None] | None = None,
        **options: float,
    ) -> Iterator[Localization]:
        """Localize photographs one after the other, in batches, in constant memory.

        Args:
            sources: Photographs of any size; see `Source`.
            labels: The class to localize in each; by default the one that the classifier ranks first.
            method: Name of a registered method; by default the model's own.
            rule: Threshold rule ("paper", "fixed:0.5", ...); by default the model's own.
            boxes: "largest" component or "all"; by default the model's own.
            on_error: Called with the name of a photograph that can't be read and the reason; it is then
                skipped. Without `on_error` the error is raised.
            options: Settings of the method's own.

        Raises:
            ConfigError: For an unknown method, option or rule, a label that the model lacks, or one
                photograph in place of a list.
            ModelError: If the method needs a network that the model lacks.
            DataError: For a photograph that can't be read, unless `on_error` is given.
        """
        if isinstance(sources, (str, Path)):
            raise ConfigError(f"localize wants a list of photographs: localize([{str(sources)!r}])")
        task = self.task(method or self.config.localize.method, **options)
        parsed = parse_rule(rule or self.config.localize.rule)
        photographs = opened(sources, labels, on_error)
        return self._stream(photographs, task, parsed, boxes or self.config.localize.boxes)

    def task(self, method: str, **options: float) -> Task:
        """A method by name with options, checked against this model.

        Raises:
            ConfigError: For an unknown method or option.
            ModelError: If the method needs a network that the model lacks.
        """
        entry = METHODS[method]
        if entry.needs_corruption_net and self.networks.corruption is None:
            raise ModelError(
                f"method {method!r} needs a corruption net, and this model has a classifier alone"
            )
        parameters = inspect.signature(entry.function).parameters.values()
        known = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY]
        if unknown := [name for name in options if name not in known]:
            choices = f"it has: {', '.join(known)}" if known else "it has none"
            raise ConfigError(f"method {method!r} has no option {unknown[0]!r}; {choices}")
        return Task(entry, dict(options))

    def prepare(self, images: Sequence[Image]) -> Tensor:
        """Photographs as the networks' input, float32 (B, 3, S, S) on the networks' device."""
        size = self.networks.preprocessing.input_size
        pixels = np.stack([resize_to_input(image, size) for image in images])
        device = self.networks.classifier.head.weight.device
        return self.networks.preprocessing.normalise(torch.from_numpy(pixels).to(device))

    @torch.inference_mode()
    def probabilities(self, batch: Tensor) -> FloatArray:
        """The classifier's class probabilities, float32 (B, C), of a prepared batch."""
        probabilities: FloatArray = self.networks.classifier(batch).softmax(1).cpu().numpy()
        return probabilities

    def raw_scores(self, batch: Tensor, labels: Sequence[int], task: Task) -> FloatArray:
        """What the method gives for a prepared batch, float32 (B, h, w).

        Raises:
            ConfigError: If a label is none of the model's classes.
        """
        for label in labels:
            if not 0 <= label < len(self.class_names):
                raise ConfigError(f"there is no class {label}: the model has {len(self.class_names)}, from 0")
        chosen = torch.tensor(labels, dtype=torch.int64, device=batch.device)
        scores = task.method.function(self.networks, batch, chosen, **task.options)
        raw: FloatArray = scores.detach().float().cpu().numpy()
        return raw

    def score_map(self, raw: FloatArray, image: Image, task: Task) -> FloatArray:
        """One raw map (h, w) as a score map float32 (H, W) in [0, 1] of the original photograph."""
        return bring_back(raw, image, self.networks.superpixels if task.method.superpixels else None)

    def found(
        self,
        image_id: str,
        score_map: FloatArray,
        task: Task,
        rule: Rule,
        *,
        label: int,
        probabilities: FloatArray,
        boxes: Boxes = "largest",
    ) -> Localization:
        """Threshold a score map and find the boxes."""
        mask = binarise(score_map, rule)
        corners, scores = boxes_from_mask(mask, score_map, boxes, self.config.localize.min_area)
        return Localization(
            image_id=image_id,
            score_map=score_map,
            mask=mask,
            boxes=corners,
            box_scores=scores,
            label=label,
            class_names=self.class_names,
            probabilities=probabilities.copy(),
            method=task.method.name,
            rule=rule.text,
        )

    def _stream(
        self, source: Iterator[Photograph], task: Task, rule: Rule, boxes: Boxes
    ) -> Iterator[Localization]:
        # no inference mode around the loop: it would stay on in the caller's code between two results
        for photographs in batches(source, self.config.localize.batch_size):
            batch = self.prepare([photograph.image for photograph in photographs])
            probabilities = self.probabilities(batch)
            labels = [
                int(own.argmax()) if photograph.label is None else photograph.label
                for photograph, own in zip(photographs, probabilities, strict=True)
            ]
            raw = self.raw_scores(batch, labels, task)
            for photograph, scores, label, own in zip(photographs, raw, labels, probabilities, strict=True):
                score_map = self.score_map(scores, photograph.image, task)
                yield self.found(
                    photograph.image_id, score_map, task, rule, label=label, probabilities=own, boxes=boxes
                )


def load(path: Path | str, device: str = "cpu") -> Localizer:
    """Read a trained model from its folder; see `Localizer.load`."""
    return Localizer.load(path, device)
