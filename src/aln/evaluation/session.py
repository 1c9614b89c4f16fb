"""One pass over annotated images with several methods: figures, and the time that each method takes."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from aln.boxes import FloatArray, Rule
from aln.data.base import Truth
from aln.engine import Task
from aln.evaluation.bootstrap import Estimate, mean_estimates
from aln.evaluation.memory import peak_growth
from aln.evaluation.metrics import is_small
from aln.evaluation.per_image import Column, PerImage
from aln.evaluation.records import Record
from aln.evaluation.rows import NO_RULE, PEAK_MEMORY, RULE_FREE, SMALL_SUFFIX, Row
from aln.localizer import Localizer
from aln.sources import Photograph

OnScoreMap = Callable[[str, Photograph, Truth, FloatArray], None]
"""Called with each score map (H, W): name of the method, photograph, truth, map."""


@dataclass(eq=False)
class Contender:
    """A method, the rules it is measured with (by what rows call them), its figures, seconds and memory.

    Attributes:
        peak_memory: MiB, see `aln.evaluation.memory`; None where it is not measured.
    """

    task: Task
    rules: dict[str, Rule]
    record: Record
    map_seconds: float = 0.0
    rule_seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    peak_memory: float | None = None


class Session:
    """One pass over the images with all contenders, so that each image is decoded and classified once.

    Args:
        localizer: The trained model.
        contenders: The methods.
        memory: Measure their memory too, in the second batch, when libraries have set themselves up; the
            first one has to do where there is no other of its size.
        on_score_map: See `OnScoreMap`.
    """

    def __init__(
        self,
        localizer: Localizer,
        contenders: list[Contender],
        *,
        memory: bool = False,
        on_score_map: OnScoreMap | None = None,
    ) -> None:
        self.localizer = localizer
        self.contenders = contenders
        self.image_ids: list[str] = []
        self.small: list[bool] = []
        self.correct: list[float] = []
        self.seconds = 0.0
        self._memory_batches = 2 if memory else 0
        self._on_score_map = on_score_map

    def add(self, batch: Sequence[Photograph], truths: Sequence[Truth]) -> None:
        """Score a batch of photographs, each with its true class, with every contender."""
        labels = [_known(photograph) for photograph in batch]
        start = time.perf_counter()
        inputs = self.localizer.prepare([photograph.image for photograph in batch])
        probabilities = self.localizer.probabilities(inputs)
        self.seconds += time.perf_counter() - start
        self.image_ids += [photograph.image_id for photograph in batch]
        self.correct += [float(p.argmax() == label) for p, label in zip(probabilities, labels, strict=True)]
        self.small += [is_small(t, p.image.shape[:2]) for t, p in zip(truths, batch, strict=True)]
        if len(batch) < len(self.small) - len(batch):  # smaller than the first: that one's memory stands
            self._memory_batches = 0
        for contender in self.contenders:
            self._score(contender, inputs, batch, truths, probabilities)
        self._memory_batches -= 1

    def _score(
        self,
        contender: Contender,
        inputs: Tensor,
        batch: Sequence[Photograph],
        truths: Sequence[Truth],
        probabilities: FloatArray,
    ) -> None:
        raw = self._raw_scores(contender, inputs, [_known(photograph) for photograph in batch])
        for scores, photograph, truth, own in zip(raw, batch, truths, probabilities, strict=True):
            start = time.perf_counter()
            score_map = self.localizer.score_map(scores, photograph.image, contender.task)
            contender.map_seconds += time.perf_counter() - start
            contender.record.add_map(score_map, truth)
            if self._on_score_map is not None:
                self._on_score_map(contender.task.method.name, photograph, truth, score_map)
            self._threshold(contender, score_map, photograph, truth, own)

    def _raw_scores(self, contender: Contender, inputs: Tensor, labels: list[int]) -> FloatArray:
        def timed() -> FloatArray:
            start = time.perf_counter()
            raw = self.localizer.raw_scores(inputs, labels, contender.task)
            contender.map_seconds += time.perf_counter() - start
            return raw

        if self._memory_batches <= 0:
            return timed()
        raw, contender.peak_memory = peak_growth(timed, inputs.device.type)
        return raw

    def _threshold(
        self,
        contender: Contender,
        score_map: FloatArray,
        photograph: Photograph,
        truth: Truth,
        probabilities: FloatArray,
    ) -> None:
        label = _known(photograph)
        for name, rule in contender.rules.items():
            start = time.perf_counter()
            found = self.localizer.found(
                photograph.image_id,
                score_map,
                contender.task,
                rule,
                label=label,
                probabilities=probabilities,
            )
            contender.rule_seconds[name] += time.perf_counter() - start
            contender.record.add_boxes(found, truth, label, name)

    def per_image(self) -> PerImage:
        """The figures of each image."""
        columns = {
            Column(contender.task.method.name, rule, figure): values.astype(np.float32)
            for contender in self.contenders
            for (figure, rule), values in contender.record.columns().items()
        }
        small, correct = np.array(self.small, np.bool_), np.array(self.correct, np.bool_)
        return PerImage(tuple(self.image_ids), small, correct, columns)

    def rows(self, dataset: str, protocol: str) -> list[Row]:
        """All figures, over all images and over the smaller half; needs at least one image."""
        small = np.array(self.small)
        subsets: dict[str, NDArray[np.bool_]] = {"": np.ones_like(small), SMALL_SUFFIX: small}
        config = self.localizer.config

        def row(method: str, rule: str, metric: str, estimate: Estimate, seconds: float) -> Row:
            figures = (estimate.value, estimate.ci_low, estimate.ci_high, estimate.n_images)
            ms = 1000 * seconds / len(small)
            return Row(
                dataset, method, config.preset, config.training.seed, rule, protocol, metric, *figures, ms
            )

        rows = []
        for suffix, chosen in subsets.items():
            if not chosen.any():
                continue
            for contender in self.contenders:
                for (metric, rule), estimate in contender.record.estimates(chosen):
                    of_rule = next(iter(contender.rules)) if rule in RULE_FREE else rule
                    seconds = contender.map_seconds + contender.rule_seconds[of_rule]
                    rows.append(row(contender.task.method.name, rule, metric + suffix, estimate, seconds))
            accuracy = mean_estimates(np.array(self.correct)[chosen][:, None])[0]
            rows.append(
                row("classifier", NO_RULE, f"classification_accuracy{suffix}", accuracy, self.seconds)
            )
        for contender in self.contenders:
            if (peak := contender.peak_memory) is not None:
                figure = Estimate(peak, peak, peak, len(small))
                rows.append(
                    row(contender.task.method.name, NO_RULE, PEAK_MEMORY, figure, contender.map_seconds)
                )
        return rows


def _known(photograph: Photograph) -> int:
    if photograph.label is None:
        raise ValueError(f"{photograph.image_id} has no true class")
    return photograph.label
