"""How far a method is ahead of a reference, on the very same images: is a lead real?

Two methods err on the same hard images, so the difference of two figures is known better than either. It is
taken image by image, and images are drawn together (paired bootstrap). Over several seeds the differences of
an image are averaged first: the interval then tells of other images, with these very trainings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aln.evaluation.bootstrap import Estimate, mean_estimates
from aln.evaluation.per_image import Column, PerImage
from aln.evaluation.rows import BEST_THRESHOLD, SMALL_SUFFIX

COMPARED = ("metric_1", "metric_2", f"metric_1{SMALL_SUFFIX}", "max_box_acc_v2", "mask_iou")
"""The metrics that differences are taken of."""


@dataclass(frozen=True)
class Difference:
    """A method less the reference, in percentage points.

    Attributes:
        dataset: Name of the data set.
        method: Name of the method.
        preset: What its model was trained with, as rows call it.
        rule: Its threshold rule.
        reference: The reference, in words.
        metric: Name of the metric.
        seeds: The training seeds behind it: one, or all that both have.
        value: The difference; above 0 the method leads.
        ci_low: Lower end of its 95 % interval over the images.
        ci_high: Upper end.
        n_images: Images that both were measured on.
    """

    dataset: str
    method: str
    preset: str
    rule: str
    reference: str
    metric: str
    seeds: tuple[int, ...]
    value: float
    ci_low: float
    ci_high: float
    n_images: int


@dataclass(frozen=True)
class Side:
    """One side of a comparison: by seed, the figures of single images, and the rule in each of them."""

    method: str
    tables: Mapping[int, PerImage]
    rules: Mapping[int, str]

    def values(self, seed: int, metric: str) -> dict[str, float]:
        """The metric of each image that has it."""
        table = self.tables[seed]
        figure = metric.removesuffix(SMALL_SUFFIX)
        rule = BEST_THRESHOLD if figure.startswith("max_box_acc") else self.rules[seed]
        column = table.columns.get(Column(self.method, rule, figure))
        if column is None:
            return {}
        wanted = ~np.isnan(column) & (table.small if metric.endswith(SMALL_SUFFIX) else True)
        return {table.image_ids[i]: float(column[i]) for i in np.flatnonzero(wanted)}


def paired(own: Side, reference: Side, metric: str, seeds: Sequence[int]) -> Estimate | None:
    """`own` less `reference` over the images that both have for all of the seeds, in points; None without."""
    values = [(own.values(seed, metric), reference.values(seed, metric)) for seed in seeds]
    if not values:
        return None
    shared = [i for i in values[0][0] if all(i in table for pair in values for table in pair)]
    if not shared:
        return None
    by_seed = np.array([[mine[i] - other[i] for i in shared] for mine, other in values])
    differences: NDArray[np.float64] = by_seed.mean(axis=0)
    return mean_estimates(differences[:, None])[0]


def differences(
    own: Side, reference: Side, *, dataset: str, preset: str, rule: str, name: str
) -> list[Difference]:
    """Every metric of `COMPARED` that both have: for each seed that both have, and over all of them.

    Args:
        own: The method.
        reference: What it is compared with.
        dataset: What results call the data set.
        preset: What they call the training.
        rule: What they call the rule.
        name: What they call the reference.
    """
    seeds = [seed for seed in own.rules if seed in reference.rules]
    groups = list(dict.fromkeys([*((seed,) for seed in seeds), tuple(seeds)]))
    return [
        Difference(
            dataset, own.method, preset, rule, name, metric, group, e.value, e.ci_low, e.ci_high, e.n_images
        )
        for metric in COMPARED
        for group in groups
        if (e := paired(own, reference, metric, group)) is not None
    ]
