"""`Localizer`: a trained model that turns photographs into `Localization`s, the same way for every method."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from torch import Tensor

from aln.boxes import FloatArray, Rule, binarise, boxes_from_mask, check_mode, parse_rule
from aln.config import Config
from aln.data.images import resize_to_input
from aln.engine import Engine, Task, TorchEngine, checked_task
from aln.errors import ModelError
from aln.localization import Localization
from aln.model_io import Provenance, load_model, save_model
from aln.models.networks import Networks
from aln.score_map import bring_back
from aln.sources import (
    Image,
    Photograph,
    Source,
    batches,
    class_index,
    class_indices,
    opened,
    require_list,
)

if TYPE_CHECKING:
    from aln.exported.engine import ExportedEngine

Boxes = Literal["largest", "all"]


@dataclass(frozen=True, eq=False)
class Localizer:
    """A trained model.

    Attributes:
        engine: The networks and their preprocessing, or a model exported from them.
        class_names: Names of the C classes.
        config: The settings of its run; `config.localize` holds the defaults of `localize`.
        provenance: How the model came to be.
    """

    engine: Engine
    class_names: tuple[str, ...]
    config: Config
    provenance: Provenance

    @classmethod
    def load(cls, path: Path | str, device: str = "cpu") -> Localizer:
        """Read a model folder, or an exported model (.onnx).

        Args:
            path: The folder, or the file.
            device: Where the networks run, as torch names it, or "auto": on the GPU where there is one.

        Raises:
            ModelError, ConfigError: If there is no usable model, or this machine lacks `device`; names what
                is wrong.
        """
        path = Path(path)
        if path.suffix.lower() == ".onnx" or path.is_file():
            from aln.exported.engine import open_exported  # noqa: PLC0415 the networks need none of it

            return cls.of_exported(open_exported(path, device))
        saved = load_model(path, device)
        return cls(TorchEngine(saved.networks), saved.class_names, saved.config, saved.provenance)

    @classmethod
    def of_exported(cls, engine: ExportedEngine) -> Localizer:
        """The localizer of an open exported model."""
        about = engine.metadata
        return cls(engine, about.class_names, about.config, about.provenance)

    @property
    def networks(self) -> Networks:
        """The networks in torch.

        Raises:
            ModelError: If the model is an exported one.
        """
        if not isinstance(self.engine, TorchEngine):
            raise ModelError("an exported model holds no networks for torch; load the folder of its run")
        return self.engine.networks

    def save(self, path: Path | str) -> None:
        """Write a model folder that `load` gives back.

        Raises:
            ModelError: If the folder can't be written, or the model is an exported one.
        """
        save_model(Path(path), self.networks, self.class_names, self.config, self.provenance)

    def localize(
        self,
        sources: Iterable[Source],
        *,
        labels: Iterable[int | str] | None = None,
        method: str | None = None,
        rule: str | None = None,
        boxes: Boxes | None = None,
        on_error: Callable[[str, Exception], None] | None = None,
        **options: float,
    ) -> Iterator[Localization]:
        """Localize photographs one after the other, in batches, in constant memory.

        Args:
            sources: Photographs of any size: files, RGB arrays, images of Pillow's; see `Source`.
            labels: The class to localize in each, its name or index; by default the one that the classifier
                ranks first.
            method: Name of a registered method; by default the model's own.
            rule: Threshold rule ("paper", "fixed:0.5", ...); by default the model's own.
            boxes: "largest" component or "all"; by default the model's own.
            on_error: Called with the name of a photograph that can't be read and the reason; it is then
                skipped. Without `on_error` the error is raised.
            options: Settings of the method's own.

        Raises:
            ConfigError: For an unknown method, option, rule or kind of boxes, a label that the model lacks,
                more or fewer labels than photographs, or one photograph or label in place of a list.
            ModelError: If the method needs a network that the model lacks.
            DataError: For a photograph that can't be read, unless `on_error` is given.
        """
        require_list(sources)
        indices = None if labels is None else class_indices(labels, self.class_names, sources)
        task = self.task(method or self.config.localize.method, **options)
        parsed = parse_rule(rule or self.config.localize.rule)
        mode = boxes or self.config.localize.boxes
        check_mode(mode)
        photographs = opened(sources, indices, on_error)
        return self._stream(photographs, task, parsed, mode)

    def task(self, method: str, **options: float) -> Task:
        """A method by name with options, checked against this model.

        Raises:
            ConfigError: For an unknown method or option.
            ModelError: If the method needs a network that the model lacks.
        """
        return checked_task(self.engine, method, **options)

    def prepare(self, images: Sequence[Image]) -> Tensor:
        """Photographs as the networks' input, float32 (B, 3, S, S) on the networks' device."""
        preprocessing = self.engine.preprocessing
        pixels = np.stack([resize_to_input(image, preprocessing.input_size) for image in images])
        return preprocessing.normalise(torch.from_numpy(pixels).to(self.engine.device))

    def probabilities(self, batch: Tensor) -> FloatArray:
        """The classifier's class probabilities, float32 (B, C), of a prepared batch."""
        probabilities: FloatArray = self.engine.probabilities(batch).cpu().numpy()
        return probabilities

    def raw_scores(self, batch: Tensor, labels: Sequence[int], task: Task) -> FloatArray:
        """What the method gives for a prepared batch, float32 (B, h, w).

        Raises:
            ConfigError: If a label is none of the model's classes.
        """
        indices = [class_index(label, self.class_names) for label in labels]
        chosen = torch.tensor(indices, dtype=torch.int64, device=batch.device)
        scores = self.engine.scores(task, batch, chosen)
        raw: FloatArray = scores.detach().float().cpu().numpy()
        return raw

    def score_map(self, raw: FloatArray, image: Image, task: Task) -> FloatArray:
        """One raw map (h, w) as a score map float32 (H, W) in [0, 1] of the original photograph."""
        return bring_back(raw, image, self.engine.superpixels if task.method.superpixels else None)

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
    """Read a trained model from its folder or an exported file; see `Localizer.load`."""
    return Localizer.load(path, device)
