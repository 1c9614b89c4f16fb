from __future__ import annotations

import math

import numpy as np
import pytest

from aln.data.base import Truth
from aln.evaluation.metrics import gt_known_loc, is_small, mask_iou, object_pixels, pointing_game, top1_loc
from tests.evaluation.fakes import box, box_map, found, random_map, random_truth

SHAPE = (10, 10)


@pytest.mark.parametrize(
    ("corners", "right"),
    [
        pytest.param((2, 2, 8, 8), 1.0, id="the-same"),
        pytest.param((2, 2, 8, 5), 1.0, id="exactly-half"),
        pytest.param((2, 2, 8, 4), 0.0, id="a-third"),
        pytest.param((8, 8, 10, 10), 0.0, id="touching"),
    ],
)
def test_metric_1_needs_half_the_union(corners: tuple[int, int, int, int], right: float) -> None:
    assert gt_known_loc(found(box_map(SHAPE, *corners)), box(2, 2, 8, 8)) == right


def test_any_truth_box_will_do() -> None:
    truth = Truth(np.array([[0, 0, 1, 1], [2, 2, 8, 8]], np.float32))
    assert gt_known_loc(found(box_map(SHAPE, 2, 2, 8, 8)), truth) == 1


def test_only_the_best_box_counts() -> None:
    score_map = box_map(SHAPE, 0, 0, 5, 5)
    score_map[8:, 8:] = 1
    assert gt_known_loc(found(score_map), box(8, 8, 10, 10)) == 0


@pytest.mark.parametrize(
    ("probabilities", "label", "right"),
    [
        pytest.param((0.9, 0.1), 0, 1.0, id="class-right"),
        pytest.param((0.1, 0.9), 0, 0.0, id="class-wrong"),
        pytest.param((0.1, 0.9), 1, 1.0, id="the-true-class-counts-not-the-localized"),
    ],
)
def test_metric_2_needs_the_class_too(probabilities: tuple[float, float], label: int, right: float) -> None:
    result = found(box_map(SHAPE, 2, 2, 8, 8), probabilities=probabilities)
    assert top1_loc(result, box(2, 2, 8, 8), label) == right
    assert top1_loc(result, box(0, 0, 1, 1), label) == 0


@pytest.mark.parametrize("seed", range(4))
def test_mask_iou_agrees_with_counting_pixels(seed: int) -> None:
    result, truth = found(random_map(seed)), random_truth(seed)
    assert truth.mask is not None
    assert truth.ignore is not None
    both = either = 0
    for pixel in np.ndindex(result.mask.shape):
        if not truth.ignore[pixel]:
            both += bool(result.mask[pixel] and truth.mask[pixel])
            either += bool(result.mask[pixel] or truth.mask[pixel])
    assert mask_iou(result, truth) == pytest.approx(both / either)


def test_mask_iou_without_a_mask_is_not_a_number() -> None:
    assert math.isnan(mask_iou(found(random_map(0)), box(0, 0, 1, 1)))


@pytest.mark.parametrize(
    ("truth", "value"),
    [
        pytest.param(box(2, 2, 6, 6), 1.0, id="inside-the-box"),
        pytest.param(box(4, 2, 9, 6), 0.5, id="half-of-the-plateau"),
        pytest.param(box(0, 0, 2, 2), 0.0, id="outside"),
        pytest.param(
            Truth(np.array([[0, 0, 9, 9]], np.float32), mask=box_map(SHAPE, 2, 2, 6, 3) > 0), 0.25, id="mask"
        ),
        pytest.param(
            Truth(
                np.array([[0, 0, 9, 9]], np.float32),
                mask=box_map(SHAPE, 2, 2, 6, 3) > 0,
                ignore=box_map(SHAPE, 2, 4, 6, 6) > 0,
            ),
            0.5,
            id="ignored-pixels",
        ),
        pytest.param(
            Truth(
                np.array([[0, 0, 9, 9]], np.float32),
                mask=box_map(SHAPE, 0, 0, 2, 2) > 0,
                ignore=box_map(SHAPE, 2, 2, 6, 6) > 0,
            ),
            pytest.approx(4 / (SHAPE[0] * SHAPE[1] - 16)),
            id="the-largest-that-counts",
        ),
        pytest.param(
            Truth(np.array([[0, 0, 9, 9]], np.float32), np.ones(SHAPE, np.bool_), np.ones(SHAPE, np.bool_)),
            0.0,
            id="everything-ignored",
        ),
    ],
)
def test_pointing_game(truth: Truth, value: float) -> None:
    assert pointing_game(box_map(SHAPE, 2, 2, 6, 6), truth) == value


def test_a_pixel_is_in_a_box_with_its_centre() -> None:
    pixels = object_pixels(Truth(np.array([[0.4, 0.6, 2.5, 2.6], [3, 3, 4, 4]], np.float32)), (4, 4))
    assert pixels.astype(int).tolist() == [[0, 0, 0, 0], [1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 0, 1]]


@pytest.mark.parametrize(
    ("truth", "small"),
    [
        pytest.param(box(0, 0, 10, 4), True, id="below"),
        pytest.param(box(0, 0, 10, 5), False, id="exactly-half"),
        pytest.param(Truth(np.array([[0, 0, 2, 2], [0, 0, 10, 9]], np.float32)), False, id="one-large"),
    ],
)
def test_the_smaller_half(truth: Truth, small: bool) -> None:
    assert is_small(truth, SHAPE) is small
