"""From a score map to a mask and boxes: normalise, threshold, connected components, bounding boxes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from aln.errors import ConfigError
from aln.registry import Registry

FloatArray = NDArray[np.float32]
BoolArray = NDArray[np.bool_]

FLAT = 8 * float(np.finfo(np.float32).eps)
"""A map whose span is below this share of its largest magnitude differs by rounding alone."""


@dataclass(frozen=True)
class Argument:
    """What the number behind the colon of a rule means, and its range (both ends included)."""

    meaning: str
    low: float
    high: float


@dataclass(frozen=True)
class RuleKind:
    """A registered threshold rule.

    Attributes:
        threshold: (score map float32 (H, W) in [0, 1], argument or None) -> threshold.
        argument: The number that the rule needs, or None where it needs none.
        summary: One line: the first line of the function's docstring.
    """

    threshold: Callable[[FloatArray, float | None], float]
    argument: Argument | None
    summary: str


RULES: Registry[RuleKind] = Registry("threshold rule")


@dataclass(frozen=True)
class Rule:
    """A threshold rule as the user wrote it ("fixed:0.5"), ready to use."""

    text: str
    kind: RuleKind
    argument: float | None

    def threshold(self, score_map: FloatArray) -> float:
        """Threshold for this score map; never above its maximum, so that a mask is never empty."""
        return min(self.kind.threshold(score_map, self.argument), float(score_map.max()))


_Threshold = Callable[[FloatArray, float | None], float]


def _rule(name: str, argument: Argument | None = None) -> Callable[[_Threshold], _Threshold]:
    def add(function: _Threshold) -> _Threshold:
        summary = (function.__doc__ or "").strip().splitlines()[0]
        RULES.add(name, RuleKind(function, argument, summary))
        return function

    return add


@_rule("paper")
def _paper(score_map: FloatArray, _: float | None) -> float:
    """0.7·mean + 0.3·max of the map (Fan, Zhao, Ermon 2017)."""
    return 0.7 * float(score_map.mean(dtype=np.float64)) + 0.3 * float(score_map.max())


@_rule("fixed", Argument("threshold", 0.0, 1.0))
def _fixed(_: FloatArray, argument: float | None) -> float:
    """The same threshold for every map."""
    return argument or 0.0


@_rule("moments")
def _moments(score_map: FloatArray, _: float | None) -> float:
    """From the mean towards the mean weighted by the scores, the further the more the map is concentrated."""
    return moments_threshold(score_map, power=1.25)


def moments_threshold(score_map: FloatArray, *, power: float) -> float:
    """`μ + c^power · (Σs²/Σs - μ)` with the concentration `c = σ²/(σ² + μ²)`.

    c is 0 for a flat map and near 1 for a small bright spot; the higher the power, the lower the threshold.

    Args:
        score_map: float32 (H, W), not negative.
        power: 1.25 for the rule `moments`.
    """
    mean = float(score_map.mean(dtype=np.float64))
    square = float(np.square(score_map, dtype=np.float64).mean())
    if square == 0:
        return 0.0
    concentration = max(1 - mean**2 / square, 0.0)  # rounding can take a flat map's below 0
    return mean + float(concentration**power) * (square / mean - mean)


@_rule("otsu")
def _otsu(score_map: FloatArray, _: float | None) -> float:
    """The threshold that parts 256 grey levels into the two tightest groups (Otsu 1979)."""
    levels = (score_map * 255).round().astype(np.uint8)
    last_background, _mask = cv2.threshold(levels, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    return (float(last_background) + 0.5) / 255


@_rule("percentile", Argument("percentage of the pixels to leave out", 0.0, 100.0))
def _percentile(score_map: FloatArray, argument: float | None) -> float:
    """The map's Q-th percentile, so that 100 - Q percent of the pixels stay."""
    return float(np.percentile(score_map, argument or 0.0))


@_rule("max", Argument("fraction of the maximum", 0.0, 1.0))
def _max(score_map: FloatArray, argument: float | None) -> float:
    """A fraction of the map's maximum; 0.2 for CAM (Zhou et al., CVPR 2016)."""
    return (argument or 0.0) * float(score_map.max())


@_rule("mass")
def _mass(score_map: FloatArray, _: float | None) -> float:
    """As many pixels as the scores sum to: those of a soft mask (Zolna et al., CVIU 2020)."""
    pixels = max(1, round(float(score_map.sum(dtype=np.float64))))
    return float(np.partition(score_map.ravel(), -pixels)[-pixels])


def parse_rule(text: str) -> Rule:
    """Read a rule as users write it: "paper", "fixed:0.5", "otsu", "percentile:80", "max:0.2".

    Raises:
        ConfigError: For an unknown rule, or a number that is missing, superfluous, malformed or out of range.
    """
    name, colon, written = text.strip().partition(":")
    kind = RULES[name]
    if kind.argument is None:
        if colon:
            raise ConfigError(f"threshold rule {text!r}: {name!r} takes no number; write {name!r} alone")
        return Rule(name, kind, None)
    return Rule(text.strip(), kind, _number(written, text, name, kind.argument))


def _number(written: str, text: str, name: str, argument: Argument) -> float:
    needed = f"write {name}:NUMBER, {argument.meaning}, {argument.low:g} to {argument.high:g}"
    try:
        number = float(written)
    except ValueError as error:
        raise ConfigError(f"threshold rule {text!r}: {needed}") from error
    if not argument.low <= number <= argument.high:
        raise ConfigError(f"threshold rule {text!r}: {number:g} is out of range; {needed}")
    return number


def normalise(raw: NDArray[np.floating]) -> FloatArray:
    """Stretch raw scores (H, W) linearly to float32 [0, 1].

    A flat map holds no evidence of where the object is: it becomes all ones, the whole image.

    Raises:
        ValueError: If a score is not finite.
    """
    scores = raw.astype(np.float64)
    low, high = float(scores.min()), float(scores.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ValueError("the score map holds values that are not finite")
    span = high - low
    if span <= FLAT * max(abs(low), abs(high)):
        return np.ones(raw.shape, np.float32)
    scores -= low
    scores /= span
    return scores.astype(np.float32)


def binarise(score_map: FloatArray, rule: Rule) -> BoolArray:
    """Mask bool (H, W) of the pixels at or above the rule's threshold; never empty."""
    return np.asarray(score_map >= np.float32(rule.threshold(score_map)))


def check_mode(mode: str) -> None:
    """Refuse what `boxes_from_mask` has no mode for.

    Raises:
        ConfigError: If it is neither "largest" nor "all".
    """
    if mode not in ("largest", "all"):
        raise ConfigError(f"boxes {mode!r}: write 'largest' for one box an image, or 'all' for several")


def boxes_from_mask(
    mask: BoolArray, score_map: FloatArray, mode: Literal["largest", "all"] = "largest", min_area: float = 0.0
) -> tuple[FloatArray, FloatArray]:
    """Bounding boxes of the mask's 8-connected components.

    Args:
        mask: bool (H, W).
        score_map: float32 (H, W) in [0, 1].
        mode: "largest" gives the component of most pixels; "all" gives every component, best score first.
        min_area: In mode "all", components below this fraction of the image are dropped. If that would
            drop every one, the largest stays.

    Returns:
        Boxes float32 (N, 4), half-open x0, y0, x1, y1 in pixels, and their scores float32 (N,): the mean of
        the score map inside the component. An empty mask gives N = 0.

    Raises:
        ConfigError: For another mode.
    """
    check_mode(mode)
    count, labels, stats, _centres = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    if count == 1:
        return np.zeros((0, 4), np.float32), np.zeros(0, np.float32)
    sums = np.bincount(labels.ravel(), weights=score_map.ravel(), minlength=count)
    areas = stats[1:, cv2.CC_STAT_AREA]
    scores = (sums[1:] / areas).clip(0, 1).astype(np.float32)
    left, top, width, height = stats[1:, :4].T
    boxes = np.stack([left, top, left + width, top + height], axis=1).astype(np.float32)
    by_area = np.lexsort((-scores, -areas))
    if mode == "largest":
        chosen = by_area[:1]
    else:
        big = np.flatnonzero(areas >= min_area * mask.size)
        big = big if len(big) else by_area[:1]
        chosen = big[np.lexsort((-areas[big], -scores[big]))]
    return boxes[chosen], scores[chosen]


def iou(a: FloatArray, b: FloatArray) -> FloatArray:
    """Intersection over union of half-open boxes (N, 4) and (M, 4), float32 (N, M) in [0, 1]."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    intersection = (high - low).clip(min=0).prod(axis=2, dtype=np.float64)
    area_a, area_b = ((box[:, 2:] - box[:, :2]).prod(axis=1, dtype=np.float64) for box in (a, b))
    union = area_a[:, None] + area_b[None, :] - intersection
    overlap: FloatArray = (intersection / np.maximum(union, np.finfo(np.float64).tiny)).astype(np.float32)
    return overlap
