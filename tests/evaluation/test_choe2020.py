"""`choe2020` against a twin written from the reference's description: pixel by pixel, outline by outline."""

from __future__ import annotations

import itertools
import math
from bisect import bisect_right

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from aln.data.base import Truth
from aln.evaluation import choe2020, summary
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
    grey = [[int(value * 255) for value in row] for row in score_map.astype(np.float64).tolist()]
    top = max(map(max, grey))
    cuts = [int(float(threshold) * top) for threshold in at]
    whole = np.array(grey)
    masks = {cut: whole > cut for cut in set(cuts)}
    return [masks[cut] for cut in cuts]


def naive_largest(mask: NDArray[np.bool_]) -> Corners:
    """The box around the largest outline: areas by the shoelace formula, the first one of equals."""
    height, width = mask.shape
    outlines, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_TREE, cv2.CHAIN_APPROX_NONE)
    largest, box = -1.0, (0, 0, 0, 0)
    for outline in outlines:
        x, y = outline[:, 0].astype(float).T
        area = abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2
        if area > largest:
            right, bottom = min(int(x.max()) + 1, width - 1), min(int(y.max()) + 1, height - 1)
            largest, box = area, (int(x.min()), int(y.min()), right, bottom)
    return box


def require_naive_curves(score_map: Map, truths: list[Corners], at: NDArray[np.float64]) -> None:
    curves = choe2020.curves(score_map, truths, at)
    seen: dict[bytes, tuple[np.float32, np.float32]] = {}
    for index, mask in enumerate(naive_masks(score_map, at)):
        key = mask.tobytes()
        if key not in seen:
            best = max(naive_iou(a, b) for a in naive_boxes(mask) for b in truths)
            seen[key] = np.float32(max(naive_iou(naive_largest(mask), b) for b in truths)), np.float32(best)
        assert (curves.largest[index], curves.best[index]) == seen[key]


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
    for _ in range(40):
        score_map = made_map(kind, random)
        sides = np.array(score_map.shape[::-1])
        corners = np.sort(random.integers(0, sides, (2, 2, 2)), axis=1)
        require_naive_curves(score_map, [tuple(each.ravel().tolist()) for each in corners], at)


def full_size(kind: str) -> Map:
    """A map of the size and with the steps that the evaluator works with; 256, 26 and 5 grey levels."""
    random = np.random.default_rng(5)
    smooth = cv2.resize(random.random((7, 7)), (224, 224), interpolation=cv2.INTER_CUBIC).clip(0, 1)
    return np.asarray({"smooth": smooth, "faint": smooth / 10, "steps": np.floor(smooth * 4) / 4}[kind])


@pytest.mark.parametrize("kind", ["smooth", "faint", "steps"])
def test_full_size_curves_agree_with_a_naive_twin(kind: str) -> None:
    require_naive_curves(full_size(kind), [(30, 40, 150, 180), (5, 5, 60, 70)], choe2020.thresholds())


def test_the_first_of_equally_large_outlines_counts() -> None:
    """As the reference's `max(contours, key=cv2.contourArea)` has it."""
    score_map = np.zeros((20, 20))
    places = [(2, 2), (2, 12), (12, 2), (12, 12)]
    for x, y in places:
        score_map[y : y + 4, x : x + 4] = 1
    outlines, _ = cv2.findContours((score_map * 255).astype(np.uint8), cv2.RETR_TREE, cv2.CHAIN_APPROX_SIMPLE)
    left, top, wide, high = cv2.boundingRect(max(outlines, key=cv2.contourArea))
    for x, y in places:
        largest = choe2020.curves(score_map, [(x, y, x + 4, y + 4)], np.zeros(1)).largest
        assert largest.tolist() == [float((x, y) == (left, top))]
    assert (wide, high) == (4, 4)


def test_the_first_of_equally_good_thresholds_counts() -> None:
    """Which photographs are right, for the intervals, where two thresholds are right as often."""
    ious = np.array([[0.1, 0.9, 0.1, 0.9], [0.1, 0.9, 0.9, 0.1], [0.1, 0.1, 0.9, 0.9]], np.float32)
    assert choe2020.max_box_accuracies(ious, [50]) == [200 / 3]
    assert summary.max_box_acc(ious).tolist() == [1, 1, 0]
    assert summary.max_box_acc_v2(ious).tolist() == [1, 1, 0]


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


Pixels = list[tuple[float, bool]]


def naive_histogram(pixels: Pixels, at: NDArray[np.float64]) -> list[list[float]]:
    """How many background and object pixels there are from each edge up to the next."""
    edges = [*at.tolist(), 1.0, 2.0]
    counts = [[0.0] * len(edges) for _ in range(2)]
    for score, is_object in pixels:
        counts[is_object][bisect_right(edges, score) - 1] += 1
    return counts


def naive_px_ap(pixels: Pixels, at: NDArray[np.float64]) -> float:
    """Precision times the step in recall, from the highest threshold down; sums without any rounding."""
    objects = sum(is_object for _, is_object in pixels)
    terms, recall = [], 0.0
    for threshold in [2.0, 1.0, *at[::-1].tolist()]:
        above = [is_object for score, is_object in pixels if score >= threshold]
        if above and objects:
            terms.append(sum(above) / len(above) * (sum(above) / objects - recall))
            recall = sum(above) / objects
    return 100 * math.fsum(terms)


def reference_px_ap(background: list[float], objects: list[float]) -> float:
    """The same of two histograms, each operation in the reference's order, so that no bit differs."""
    true, false, before, terms = objects[-1], background[-1], 0.0, []
    for more_false, more_true in zip(background[-2::-1], objects[-2::-1], strict=True):
        true, false = true + more_true, false + more_false
        recall = true / sum(objects)
        if true + false:
            terms.append(true / (true + false) * (recall - before))
        before = recall
    return float(np.sum(np.array(terms, np.float64)) * 100)


MAPS = ["noise", "ties", "few-values", "one-pixel", "zeros", "flat", "ones"]
MASKS = ["some", "one", "none", "all"]


def made_mask(kind: str, shape: tuple[int, int], random: np.random.Generator) -> NDArray[np.bool_]:
    mask = np.full(shape, kind == "all")
    if kind == "some":
        mask = random.random(shape) < 0.3
    if kind == "one":
        mask.flat[random.integers(mask.size)] = True
    return mask


@pytest.mark.parametrize("kind", MAPS)
def test_px_ap_agrees_with_counting_pixels(kind: str) -> None:
    """Every kind of map with every kind of object and of ignored region, alone and all together."""
    random = np.random.default_rng(MAPS.index(kind))
    at = choe2020.thresholds(0.01)
    together: Pixels = []
    histograms = []
    for objects, ignored, _ in itertools.product(MASKS, MASKS, range(4)):
        score_map = made_map("noise" if kind == "ties" else kind, random)
        if kind == "ties":  # on the very edges of the bins
            score_map = at[(score_map * 99).astype(int)]
        shape = score_map.shape[0], score_map.shape[1]
        mask, ignore = made_mask(objects, shape, random), made_mask(ignored, shape, random)
        counted = mask | ~ignore
        pixels = list(zip(score_map[counted].tolist(), mask[counted].tolist(), strict=True))
        histogram = choe2020.histogram(score_map, mask, ignore, at)
        assert histogram.tolist() == naive_histogram(pixels, at)
        value = choe2020.px_ap(histogram[None])
        assert value == pytest.approx(naive_px_ap(pixels, at), rel=1e-13, abs=0)
        if mask.any():
            assert value == reference_px_ap(*histogram.tolist())
        together += pixels
        histograms.append(histogram)
    value = choe2020.px_ap(np.stack(histograms))
    assert value == pytest.approx(naive_px_ap(together, at), rel=1e-13, abs=0)
    assert value == reference_px_ap(*np.sum(histograms, axis=0).tolist())


@pytest.mark.parametrize("kind", ["smooth", "faint", "steps"])
@pytest.mark.parametrize("ignored", ["none", "some"])
def test_full_size_px_ap_agrees_with_counting_pixels(kind: str, ignored: str) -> None:
    random = np.random.default_rng(0)
    score_map, at = full_size(kind), choe2020.thresholds()
    mask, ignore = made_mask("some", (224, 224), random), made_mask(ignored, (224, 224), random)
    counted = mask | ~ignore
    pixels = list(zip(score_map[counted].tolist(), mask[counted].tolist(), strict=True))
    histogram = choe2020.histogram(score_map, mask, ignore, at)
    assert histogram.tolist() == naive_histogram(pixels, at)
    assert choe2020.px_ap(histogram[None]) == reference_px_ap(*histogram.tolist())


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
