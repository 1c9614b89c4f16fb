"""`choe2020` against a twin written from the reference's description: pixel by pixel, outline by outline."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from aln.data.base import Truth
from aln.evaluation import choe2020
from aln.evaluation.protocols import PROTOCOLS
from aln.evaluation.records import Record
from tests.evaluation.fakes import box, found, random_map, random_truth

Map = NDArray[np.floating]
Corners = tuple[int, int, int, int]


def naive_iou(a: Corners, b: Corners) -> float:
    wide = min(a[2], b[2]) - max(a[0], b[0]) + 1
    high = min(a[3], b[3]) - max(a[1], b[1]) + 1
    shared = max(0, wide) * max(0, high)
    return shared / (sum((c[2] - c[0] + 1) * (c[3] - c[1] + 1) for c in (a, b)) - shared)


def naive_boxes(mask: NDArray[np.bool_]) -> list[Corners]:
    """Boxes of components and, a pixel larger, of holes inside; no outline is followed."""
    height, width = mask.shape
    eight = np.ones((3, 3))
    boxes = []
    for rows, columns in ndimage.find_objects(ndimage.label(mask, eight)[0]):
        boxes.append((columns.start, rows.start, columns.stop - 1, rows.stop - 1))
    holes = ndimage.label(np.pad(~mask, 1, constant_values=True))[0]
    for index, (rows, columns) in enumerate(ndimage.find_objects(holes), start=1):
        if index != holes[0, 0]:
            boxes.append((columns.start - 2, rows.start - 2, columns.stop - 1, rows.stop - 1))
    past = [(x0, y0, min(x1 + 1, width - 1), min(y1 + 1, height - 1)) for x0, y0, x1, y1 in boxes]
    return past or [(0, 0, 0, 0)]


def naive_masks(score_map: Map, at: NDArray[np.float64]) -> list[NDArray[np.bool_]]:
    height, width = score_map.shape
    grey = [[int(float(score_map[y, x]) * 255) for x in range(width)] for y in range(height)]
    top = max(map(max, grey))
    cuts = [int(float(threshold) * top) for threshold in at]
    masks = {cut: np.array([[value > cut for value in row] for row in grey]) for cut in set(cuts)}
    return [masks[cut] for cut in cuts]


def naive_largest(mask: NDArray[np.bool_]) -> list[Corners]:
    """Every box that may stand for the largest outline: areas by the shoelace formula, ties all kept."""
    height, width = mask.shape
    outlines, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_TREE, cv2.CHAIN_APPROX_NONE)
    areas, boxes = [0.0], [(0, 0, 0, 0)]
    for number, outline in enumerate(outlines):
        x, y = outline[:, 0].astype(float).T
        area = abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2
        right, bottom = min(int(x.max()) + 1, width - 1), min(int(y.max()) + 1, height - 1)
        if number == 0 or area > max(areas):
            areas, boxes = [area], []
        if area == max(areas):
            boxes.append((int(x.min()), int(y.min()), right, bottom))
    return boxes


def made_map(kind: str, random: np.random.Generator) -> Map:
    height, width = random.integers(1, 20, 2)
    values = random.random((height, width))
    made = {
        "noise": values,
        "few-values": np.floor(values * 4) / 3,
        "blobs": ndimage.gaussian_filter(values, 2),
        "holes": ndimage.gaussian_filter(values, 1) > 0.5,
        "sparse": values * (random.random((height, width)) < 0.1),
        "one-pixel": np.eye(1, height * width, random.integers(height * width)).reshape(height, width),
        "zeros": np.zeros((height, width)),
        "faint": np.full((height, width), 0.003),
        "flat": np.full((height, width), random.random()),
        "ones": np.ones((height, width)),
    }[kind].clip(0, 1)
    return np.asarray(made, np.float32 if random.random() < 0.5 else np.float64)


KINDS = ["noise", "few-values", "blobs", "holes", "sparse", "one-pixel", "zeros", "faint", "flat", "ones"]


@pytest.mark.parametrize("kind", KINDS)
def test_box_curves_agree_with_a_naive_twin(kind: str) -> None:
    random = np.random.default_rng(KINDS.index(kind))
    at = choe2020.thresholds(0.07)
    for _ in range(250):
        score_map = made_map(kind, random)
        sides = np.array(score_map.shape[::-1])
        corners = np.sort(random.integers(0, sides, (2, 2, 2)), axis=1)
        truths: list[Corners] = [tuple(each.ravel().tolist()) for each in corners]
        curves = choe2020.curves(score_map, truths, at)
        seen: dict[bytes, tuple[float, set[float]]] = {}
        for index, mask in enumerate(naive_masks(score_map, at)):
            key = mask.tobytes()
            if key not in seen:
                best = max(naive_iou(a, b) for a in naive_boxes(mask) for b in truths)
                largest = {max(naive_iou(a, b) for b in truths) for a in naive_largest(mask)}
                seen[key] = best, largest
            assert float(curves.best[index]) == np.float32(seen[key][0])
            assert float(curves.largest[index]) in {float(np.float32(value)) for value in seen[key][1]}


@pytest.mark.parametrize(
    ("score_map", "expected"),
    [
        pytest.param(np.zeros((10, 10)), (0, 0, 0, 0), id="an-empty-map-has-the-first-pixel"),
        pytest.param(np.full((10, 10), 0.0039), (0, 0, 0, 0), id="below-one-grey-level-is-empty"),
        pytest.param(np.full((10, 10), 0.004), (0, 0, 9, 9), id="one-grey-level-is-the-whole-image"),
        pytest.param(np.pad(np.ones((2, 3)), 3), (3, 3, 6, 5), id="one-pixel-past-the-last"),
        pytest.param(np.pad(np.ones((3, 3)), ((7, 0), (7, 0))), (7, 7, 9, 9), id="not-past-the-image"),
    ],
)
def test_the_box_of_a_map(score_map: Map, expected: Corners) -> None:
    curves = choe2020.curves(score_map, [expected], choe2020.thresholds())
    assert set(curves.largest.tolist()) == {1.0}


def test_a_hole_has_an_outline_of_its_own() -> None:
    ring = np.ones((20, 20))
    ring[5:15, 5:15] = 0
    curves = choe2020.curves(ring, [(4, 4, 16, 16)], choe2020.thresholds())
    assert set(curves.best.tolist()) == {1.0}
    assert curves.largest.max() < 1


def test_pixels_on_the_threshold_are_cut_off() -> None:
    score_map = np.zeros((10, 10))
    score_map[2:5, 2:5] = 100 / 255 + 1e-9
    score_map[7:9, 7:9] = 1.0
    curves = choe2020.curves(score_map, [(2, 2, 5, 5)], np.array([99, 100]) / 255 + 1e-9)
    assert curves.best.tolist()[0] == 1.0
    assert curves.best.tolist()[1] < 1.0


@pytest.mark.parametrize(
    ("corners", "size", "expected"),
    [
        pytest.param((0, 0, 224, 224), (224, 224), [0, 0, 224, 224], id="same"),
        pytest.param((60, 27, 385, 331), (500, 335), [26, 18, 172, 221], id="cut-to-whole-pixels"),
    ],
)
def test_true_boxes_are_scaled(corners: Corners, size: tuple[int, int], expected: list[int]) -> None:
    assert choe2020.resized_box(corners, *size) == expected


def test_thresholds_have_the_rounding_of_arange() -> None:
    assert len(choe2020.thresholds()) == 1000
    assert choe2020.thresholds(0.01).tolist() == np.arange(0, 1, 0.01).tolist()


def naive_px_ap(pixels: list[tuple[float, bool]], at: NDArray[np.float64]) -> float:
    """Precision times the step in recall, from the highest threshold down."""
    objects = sum(is_object for _, is_object in pixels)
    area, recall = 0.0, 0.0
    for threshold in [2.0, 1.0, *at[::-1]]:
        above = [is_object for score, is_object in pixels if score >= threshold]
        if above:
            area += sum(above) / len(above) * (sum(above) / objects - recall)
            recall = sum(above) / objects
    return 100 * area


@pytest.mark.parametrize("seed", range(3))
def test_px_ap_agrees_with_counting_pixels(seed: int) -> None:
    random = np.random.default_rng(seed)
    at = choe2020.thresholds(0.01)
    pixels: list[tuple[float, bool]] = []
    histograms = []
    for _ in range(4):
        score_map = np.round(random.random((9, 11)), 2)
        mask, ignore = (random.random((9, 11)) < 0.3 for _ in range(2))
        histograms.append(choe2020.histogram(score_map, mask, ignore, at))
        counted = mask | ~ignore
        pixels += list(zip(score_map[counted].tolist(), mask[counted].tolist(), strict=True))
    assert choe2020.px_ap(np.stack(histograms)) == pytest.approx(naive_px_ap(pixels, at), rel=1e-12)


def test_px_ap_without_an_object_is_zero() -> None:
    assert choe2020.px_ap(np.zeros((2, 2, 102))) == 0


def test_is_registered() -> None:
    assert list(PROTOCOLS) == ["exact", "choe2020"]


def test_measures_a_photograph_of_any_size() -> None:
    truth = random_truth(0, (30, 40))
    curves = choe2020.box_curves(random_map(0, (30, 40)), truth)
    assert curves.best.shape == curves.largest.shape == (1000,)
    pixels = choe2020.pixel_histogram(random_map(0, (30, 40)), truth)
    assert pixels is not None
    assert truth.mask is not None
    assert truth.ignore is not None
    counted = choe2020.mask_at_side(truth.mask) | ~choe2020.mask_at_side(truth.ignore)
    assert pixels.shape == (2, 1002)
    assert pixels.sum() == counted.sum()
    assert choe2020.pixel_histogram(random_map(0), box(0, 0, 1, 1)) is None


def test_a_box_drawn_as_a_map_is_right() -> None:
    score_map = np.zeros((448, 112), np.float32)
    score_map[100:300, 20:80] = 1
    record = Record(PROTOCOLS["choe2020"])
    truth = Truth(np.array([[20, 100, 80, 300]], np.float32), score_map > 0)
    record.add_map(score_map, truth)
    record.add_boxes(found(score_map), truth, label=0, rule="fixed:0.5")
    figures = {key[0]: estimate.value for key, estimate in record.estimates(np.ones(1, np.bool_))}
    assert figures["max_box_acc"] == 100
    assert figures["max_box_acc_v2"] == pytest.approx(100)
    assert figures["px_ap"] > 99
