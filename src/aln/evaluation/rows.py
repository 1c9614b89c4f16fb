"""`Row`: one figure of one method on one data set; a table is a flat list of them."""

from __future__ import annotations

from dataclasses import dataclass

BEST_THRESHOLD = "best threshold"
"""In place of a threshold rule: an oracle figure, at the threshold that is best on the images measured."""

ALL_THRESHOLDS = "all thresholds"
AT_MAXIMUM = "maximum"
NO_RULE = "none"

RULE_FREE = (BEST_THRESHOLD, ALL_THRESHOLDS, AT_MAXIMUM, NO_RULE)
"""What `rule` says where the figure doesn't depend on a threshold rule."""

PEAK_MEMORY = "peak_memory"
"""A metric in MiB instead of percent: by how much a method lets the process grow."""

SMALL_SUFFIX = "_small"
"""Marks figures over the images whose truth box covers less than half of the image."""


@dataclass(frozen=True)
class Row:
    """One figure.

    Attributes:
        dataset: Name of the data set.
        method: Name of the method, or "classifier" for its accuracy.
        preset: The preset that the model was trained with.
        seed: The seed that the model was trained with.
        rule: The threshold rule; for trivial boxes what they are; one of `RULE_FREE` where none is used.
        protocol: Name of the evaluation protocol.
        metric: Name of the metric, with `SMALL_SUFFIX` for the smaller half.
        value: The figure in percent (MiB where the metric is `PEAK_MEMORY`).
        ci_low: Lower end of its 95 % bootstrap interval over the images.
        ci_high: Upper end.
        n_images: Images that were scored.
        ms_per_image: Milliseconds from the network's input to boxes, without decoding.
    """

    dataset: str
    method: str
    preset: str
    seed: int
    rule: str
    protocol: str
    metric: str
    value: float
    ci_low: float
    ci_high: float
    n_images: int
    ms_per_image: float
