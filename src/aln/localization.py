"""`Localization`: where an object is in one image. The only thing metrics, exports, plots and the CLI see."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, eq=False, kw_only=True)
class Localization:
    """What was found in one image. Arrays are read-only; everything is in pixels of the *original* image.

    Attributes:
        image_id: Name of the image, unique in its data set (a relative path with forward slashes).
        score_map: float32 (H, W) in [0, 1]; larger = more object.
        mask: bool (H, W); the thresholded score map.
        boxes: float32 (N, 4), half-open `x0, y0, x1, y1`, best first.
        box_scores: float32 (N,) in [0, 1], not increasing.
        label: Index of the class that was localized.
        class_names: Names of all classes of the model.
        probabilities: float32 (C,), the classifier's own class probabilities for the whole, clean image.
        method: Name of the method that made the score map.
        rule: Threshold rule that made the mask, as written by the user ("paper", "fixed:0.5").
    """

    image_id: str
    score_map: FloatArray
    mask: BoolArray
    boxes: FloatArray
    box_scores: FloatArray
    label: int
    class_names: tuple[str, ...]
    probabilities: FloatArray
    method: str
    rule: str
    _shape: tuple[int, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        shape = _validated(self)
        object.__setattr__(self, "_shape", shape)
        for array in (self.score_map, self.mask, self.boxes, self.box_scores, self.probabilities):
            array.flags.writeable = False

    @property
    def height(self) -> int:
        """Height of the original image in pixels."""
        return self._shape[0]

    @property
    def width(self) -> int:
        """Width of the original image in pixels."""
        return self._shape[1]

    @property
    def class_name(self) -> str:
        """Name of the class that was localized."""
        return self.class_names[self.label]

    @property
    def predicted_label(self) -> int:
        """The class that the classifier ranks first on the clean image."""
        return int(self.probabilities.argmax())

    @property
    def area(self) -> float:
        """Fraction of the image that the mask covers, 0..1."""
        return float(self.mask.mean())

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready summary without the pixel arrays (one line of `localizations.jsonl`)."""
        return {
            "image": self.image_id,
            "width": self.width,
            "height": self.height,
            "label": self.class_name,
            "label_probability": round(float(self.probabilities[self.label]), 6),
            "predicted": self.class_names[self.predicted_label],
            "boxes": [[round(float(v), 2) for v in box] for box in self.boxes],
            "scores": [round(float(s), 6) for s in self.box_scores],
            "mask_area": round(self.area, 6),
            "method": self.method,
            "rule": self.rule,
        }


def _validated(found: Localization) -> tuple[int, int]:
    """Check every field of `found` and return (H, W).

    Raises:
        ValueError: Naming the field and what is wrong with it.
    """
    if found.score_map.ndim != 2 or found.score_map.dtype != np.float32:
        raise ValueError(f"score_map must be float32 (H, W), not {_described(found.score_map)}")
    height, width = found.score_map.shape
    if not np.isfinite(found.score_map).all() or found.score_map.min() < 0 or found.score_map.max() > 1:
        raise ValueError("score_map must be finite and within [0, 1]")
    if found.mask.shape != (height, width) or found.mask.dtype != np.bool_:
        raise ValueError(f"mask must be bool ({height}, {width}), not {_described(found.mask)}")
    _validate_boxes(found.boxes, found.box_scores, height, width)
    classes = len(found.class_names)
    if found.probabilities.shape != (classes,) or not 0 <= found.label < classes:
        raise ValueError(f"label {found.label} or probabilities do not fit {classes} classes")
    return height, width


def _validate_boxes(boxes: FloatArray, scores: FloatArray, height: int, width: int) -> None:
    if boxes.ndim != 2 or boxes.shape[1] != 4 or boxes.dtype != np.float32:
        raise ValueError(f"boxes must be float32 (N, 4), not {_described(boxes)}")
    x0, y0, x1, y1 = boxes.T
    if not (np.isfinite(boxes).all() and (x0 < x1).all() and (y0 < y1).all()):
        raise ValueError("boxes must be finite with x0 < x1 and y0 < y1")
    if (boxes < 0).any() or (x1 > width).any() or (y1 > height).any():
        raise ValueError(f"boxes must lie inside the image of {width}x{height} pixels")
    if scores.shape != (len(boxes),) or (np.diff(scores) > 0).any() or ((scores < 0) | (scores > 1)).any():
        raise ValueError("box_scores must be (N,) within [0, 1], best first")


def _described(array: NDArray[Any]) -> str:
    return f"{array.dtype} {array.shape}"
