from __future__ import annotations

import numpy as np
import pytest

from aln.data.base import Truth
from aln.evaluation.protocols import PROTOCOLS
from aln.evaluation.records import Record
from tests.evaluation.fakes import box, box_map, found, random_map, random_truth

ALL_KEYS = {
    ("metric_1", "fixed:0.5"),
    ("metric_2", "fixed:0.5"),
    ("mask_iou", "fixed:0.5"),
    ("max_box_acc", "best threshold"),
    ("max_box_acc_v2", "best threshold"),
    ("px_ap", "all thresholds"),
    ("pointing", "maximum"),
}


def record(truths: list[Truth]) -> Record:
    made = Record(PROTOCOLS["exact"])
    for seed, truth in enumerate(truths):
        score_map = random_map(seed)
        made.add_map(score_map, truth)
        made.add_boxes(found(score_map), truth, label=0, rule="fixed:0.5")
    return made


def test_every_figure_comes_once() -> None:
    keys = [key for key, _ in record([random_truth(i) for i in range(3)]).estimates(np.ones(3, np.bool_))]
    assert len(keys) == len(ALL_KEYS)
    assert set(keys) == ALL_KEYS


def test_mask_figures_are_over_images_with_masks() -> None:
    made = record([random_truth(0), box(0, 0, 5, 5), random_truth(2)])
    counts = {key[0]: estimate.n_images for key, estimate in made.estimates(np.ones(3, np.bool_))}
    assert counts["mask_iou"] == counts["px_ap"] == 2
    assert counts["metric_1"] == counts["max_box_acc"] == counts["pointing"] == 3


def test_without_masks_there_are_no_mask_figures() -> None:
    keys = {key for key, _ in record([box(0, 0, 5, 5)] * 2).estimates(np.ones(2, np.bool_))}
    assert {key[0] for key in keys} == {"metric_1", "metric_2", "max_box_acc", "max_box_acc_v2", "pointing"}


@pytest.mark.parametrize(("chosen", "value"), [([1, 0, 0], 100), ([0, 1, 1], 0), ([1, 1, 0], 50)], ids=str)
def test_only_chosen_images_count(chosen: list[int], value: float) -> None:
    made = Record(PROTOCOLS["exact"])
    score_map = box_map((10, 10), 2, 2, 8, 8)
    for truth in (box(2, 2, 8, 8), box(0, 0, 2, 2), box(9, 9, 10, 10)):
        made.add_map(score_map, truth)
        made.add_boxes(found(score_map), truth, label=0, rule="r")
    figures = {key: estimate.value for key, estimate in made.estimates(np.array(chosen, np.bool_))}
    assert figures["metric_1", "r"] == value
    assert figures["max_box_acc", "best threshold"] == value
