"""Does an exported model say what the networks say? Asked on photographs, before its file is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aln.boxes import iou
from aln.data.base import Image
from aln.data.images import resize_to_input
from aln.errors import ModelError
from aln.exported.engine import ExportedEngine
from aln.exported.metadata import METHOD
from aln.localizer import Localizer

TOLERANCE = 1e-4
"""Score maps may differ by this much, from rounding in another order."""

Photographs = Sequence[tuple[str, Image]]
"""Names and RGB uint8 (H, W, 3)."""


@dataclass(frozen=True)
class Agreement:
    """How near two models are on some photographs.

    Attributes:
        images: Their number.
        score_map: The largest difference in any score map at the photograph's size.
        worst: The photograph that has it.
        probabilities: The largest difference in any class probability.
        equal_boxes: On how many photographs all boxes are equal.
        iou: Mean IoU of the best boxes.
    """

    images: int
    score_map: float
    worst: str
    probabilities: float
    equal_boxes: int
    iou: float


def agreement(
    reference: Localizer, other: Localizer, photographs: Photographs, labels: Sequence[int] | None = None
) -> Agreement:
    """Localize the photographs with both models: their likeliest classes, or those in `labels`."""
    maps: dict[str, float] = {}
    probabilities: list[float] = []
    equal, overlaps = 0, []
    answers = [model.localize(photographs, labels=labels, method=METHOD) for model in (reference, other)]
    for one, two in zip(*answers, strict=True):
        maps[one.image_id] = float(np.abs(one.score_map - two.score_map).max())
        probabilities.append(float(np.abs(one.probabilities - two.probabilities).max()))
        equal += np.array_equal(one.boxes, two.boxes)
        overlaps.append(float(iou(one.boxes[:1], two.boxes[:1])[0, 0]))
    worst = max(maps, key=maps.__getitem__)
    largest = float(np.max(probabilities))  # not-a-number stays
    return Agreement(len(maps), maps[worst], worst, largest, equal, float(np.mean(overlaps)))


def require_agreement(reference: Localizer, engine: ExportedEngine, photographs: Photographs) -> Agreement:
    """The agreement of an exported model with its networks, where it is within rounding.

    Raises:
        ModelError: Where a score map or class probability differs by more than `TOLERANCE`, a box at all, or
            the graph's own resize leads to other scores.
    """
    try:
        exported = Localizer.of_exported(engine)
        found = agreement(reference, exported, photographs)
        every_class = [index % len(reference.class_names) for index in range(len(photographs))]
        told = agreement(reference, exported, photographs, every_class)
    except ValueError as error:  # scores that are not finite
        raise ModelError(
            f"{engine.path}: not written, for it would differ from the networks: {error}"
        ) from error
    faults = []
    if not found.score_map <= TOLERANCE:  # not-a-number is no agreement
        faults.append(f"score maps by up to {found.score_map:.1e} ({found.worst})")
    if not told.score_map <= TOLERANCE:
        faults.append(f"score maps of a class that is asked for by up to {told.score_map:.1e} ({told.worst})")
    if not found.probabilities <= TOLERANCE:
        faults.append(f"class probabilities by up to {found.probabilities:.1e}")
    if found.equal_boxes < found.images:
        faults.append(f"boxes on {found.images - found.equal_boxes} of {found.images} photographs")
    if not (resize := _resize_difference(engine, photographs)) <= TOLERANCE:
        faults.append(f"scores of photographs that the file resizes itself by up to {resize:.1e}")
    if faults:
        raise ModelError(
            f"{engine.path}: not written, for it would differ from the networks: {'; '.join(faults)}; "
            "install the newest torch, onnx and onnxruntime, or go on with the folder of the run"
        )
    return found


def _resize_difference(engine: ExportedEngine, photographs: Photographs) -> float:
    """By how much scores differ between photographs as they are and photographs that `aln` has resized."""
    differences = []
    for _, image in photographs:
        pixels = resize_to_input(image, engine.metadata.input_size)[None]
        segments = engine.segments(pixels)
        whole, resized = engine.run(image[None], segments), engine.run(pixels, segments)
        differences += [np.abs(a - b).max() for a, b in zip(whole, resized, strict=True)]
    return float(np.max(differences))  # not-a-number stays
