"""What int8 costs: boxes that move, and Metric 1 where the run's data has boxes."""

from __future__ import annotations

from dataclasses import dataclass

from aln.data import open_images, open_truth
from aln.errors import DataError
from aln.evaluation.evaluate import evaluate
from aln.exported.check import Agreement, Photographs, agreement
from aln.exported.engine import ExportedEngine
from aln.exported.metadata import METHOD
from aln.localizer import Localizer

MEASURED = 1000
"""Metric 1 is measured on at most so many photographs, evenly spaced."""


@dataclass(frozen=True)
class Loss:
    """What int8 costs.

    Attributes:
        agreement: With the model in float32.
        metric_1: In percent, in float32 and in int8, where the run's data has boxes.
        images: Photographs that Metric 1 was measured on.
    """

    agreement: Agreement
    metric_1: tuple[float, float] | None
    images: int


def loss_of(before: Localizer, engine: ExportedEngine, photographs: Photographs) -> Loss:
    """Compare a model in float32 with the same in int8."""
    after = Localizer.of_exported(engine)
    near = agreement(before, after, photographs)
    try:
        (value, images), (other, _) = (_metric_1(localizer) for localizer in (before, after))
    except DataError:  # the run's data is elsewhere, or has no boxes
        return Loss(near, None, 0)
    return Loss(near, (value, other), images)


def _metric_1(localizer: Localizer) -> tuple[float, int]:
    """Metric 1 in percent on test images of the run's data, with the model's own rule; and their number."""
    data, rule = localizer.config.data, localizer.config.localize.rule
    images, truth = open_images(data, "test"), open_truth(data, "test")
    if truth is None:
        raise DataError(f"{data.path}: has no boxes")
    rows = evaluate(
        localizer,
        images,
        truth,
        methods=[METHOD],
        rules=[rule],
        side=1.0,
        max_images=MEASURED,
        on_error=_skip,
    )
    (row,) = (row for row in rows if (row.method, row.metric) == (METHOD, "metric_1"))
    return row.value, row.n_images


def _skip(image_id: str, error: Exception) -> None:
    """An image that can't be read is left out of the figure, as aln evaluate does."""
    del image_id, error
