from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray
from skimage.filters import threshold_otsu
from skimage.measure import label, regionprops

from aln.boxes import RULES, binarise, boxes_from_mask, iou, normalise, parse_rule
from aln.errors import ConfigError

Map = NDArray[np.float32]


def random_map(seed: int, shape: tuple[int, int] = (13, 17)) -> Map:
    return normalise(np.random.default_rng(seed).random(shape))


SMALL_MAP = np.array([[0.0, 0.2, 0.4], [0.6, 0.8, 1.0]], np.float32)


@pytest.mark.parametrize(
    ("rule", "threshold"),
    [
        pytest.param("paper", 0.7 * 0.5 + 0.3 * 1.0, id="paper"),
        pytest.param("fixed:0.25", 0.25, id="fixed"),
        pytest.param("percentile:50", 0.5, id="percentile"),
        pytest.param("percentile:100", 1.0, id="all-but-the-maximum"),
        pytest.param("max:0.2", 0.2, id="cam-paper"),
        pytest.param("mass", 0.6, id="casm-paper"),
        pytest.param("  max:1 ", 1.0, id="spaces"),
    ],
)
def test_rules_give_their_formula(rule: str, threshold: float) -> None:
    assert parse_rule(rule).threshold(SMALL_MAP) == pytest.approx(threshold, abs=1e-6)


@pytest.mark.parametrize(
    ("share", "concentration"),
    [
        pytest.param(1.0, 0.0, id="flat"),
        pytest.param(0.5, 0.5, id="half of the pixels"),
        pytest.param(0.01, 0.99, id="a small spot"),
    ],
)
def test_moments_of_a_map_of_zeros_and_ones(share: float, concentration: float) -> None:
    """Then σ² = μ(1 - μ) and Σs²/Σs = 1, so that c = 1 - μ."""
    score_map = (np.arange(10_000).reshape(100, 100) < 10_000 * share).astype(np.float32)
    expected = share + concentration**1.25 * (1 - share)
    assert parse_rule("moments").threshold(score_map) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_moments_equal_the_naive_twin(seed: int) -> None:
    score_map = random_map(seed)
    scores = [float(score) for score in score_map.ravel()]
    mean = sum(scores) / len(scores)
    variance = sum((score - mean) ** 2 for score in scores) / len(scores)
    own_mean = sum(score * score for score in scores) / sum(scores)
    expected = mean + (variance / (variance + mean**2)) ** 1.25 * (own_mean - mean)
    assert parse_rule("moments").threshold(score_map) == pytest.approx(expected, abs=1e-6)


def test_moments_of_nothing_are_nothing() -> None:
    assert parse_rule("moments").threshold(np.zeros((4, 5), np.float32)) == 0


@pytest.mark.parametrize("seed", range(3))
def test_otsu_agrees_with_scikit_image(seed: int) -> None:
    random = np.random.default_rng(seed)
    levels = np.where(
        random.random((40, 40)) < 0.3, random.normal(190, 12, (40, 40)), random.normal(60, 20, (40, 40))
    )
    levels = levels.clip(0, 255).round()
    score_map = (levels / 255).astype(np.float32)
    expected = levels > threshold_otsu(levels.astype(np.uint8))
    assert np.array_equal(score_map >= parse_rule("otsu").threshold(score_map), expected)


@pytest.mark.parametrize("seed", range(3))
def test_mass_keeps_the_brightest_pixels(seed: int) -> None:
    score_map = random_map(seed) ** (seed + 1)
    ranked = sorted((float(score) for score in score_map.ravel()), reverse=True)
    kept = ranked[: round(sum(ranked))]
    assert sorted(score_map[binarise(score_map, parse_rule("mass"))], reverse=True) == pytest.approx(kept)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("fixd:0.5", "did you mean 'fixed'", id="misspelt"),
        pytest.param("", "no threshold rule called ''", id="empty"),
        pytest.param("fixed", "write fixed:NUMBER", id="missing-number"),
        pytest.param("fixed:", "write fixed:NUMBER", id="empty-number"),
        pytest.param("fixed:half", "write fixed:NUMBER", id="no-number"),
        pytest.param("fixed:1.5", "1.5 is out of range", id="too-large"),
        pytest.param("fixed:nan", "out of range", id="nan"),
        pytest.param("percentile:-1", "0 to 100", id="negative"),
        pytest.param("paper:0.5", "takes no number", id="superfluous"),
        pytest.param("otsu:", "takes no number", id="colon-only"),
    ],
)
def test_bad_rules_say_the_way_out(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_rule(text)


def test_every_rule_has_a_summary() -> None:
    assert set(RULES) >= {"paper", "fixed", "moments", "otsu", "percentile", "max", "mass"}
    assert all(RULES[name].summary.endswith(".") or RULES[name].summary for name in RULES)


def test_normalise_stretches_to_the_unit_interval() -> None:
    assert np.allclose(normalise(np.array([[-3.0, 0.0], [1.0, 5.0]])), [[0, 0.375], [0.5, 1]])


@pytest.mark.parametrize("value", [0.0, 0.3, -1e30, 1e-40], ids=str)
def test_a_flat_map_is_the_whole_image(value: float) -> None:
    raw = np.full((5, 4), value, np.float32)
    raw[2, 1] = np.nextafter(raw[2, 1], np.float32(-np.inf)) if abs(value) > 1e-30 else raw[2, 1]
    score_map = normalise(raw)
    assert (score_map == 1).all()
    for name in RULES:
        text = name if RULES[name].argument is None else f"{name}:1"
        boxes, scores = boxes_from_mask(binarise(score_map, parse_rule(text)), score_map)
        assert boxes.tolist() == [[0, 0, 4, 5]]
        assert scores.tolist() == [1]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf], ids=str)
def test_normalise_refuses_what_is_not_finite(bad: float) -> None:
    with pytest.raises(ValueError, match="not finite"):
        normalise(np.array([[0.0, bad], [1.0, 2.0]]))


@settings(deadline=None, max_examples=150)
@given(
    raw=arrays(
        np.float32,
        array_shapes(min_dims=2, max_dims=2, max_side=9),
        elements=st.floats(width=32, allow_nan=False, allow_infinity=False),
    ),
    rule=st.sampled_from(
        ["paper", "fixed:0", "fixed:0.5", "fixed:1", "moments", "otsu", "percentile:99", "max:0.2", "mass"]
    ),
    mode=st.sampled_from(["largest", "all"]),
    min_area=st.floats(0, 1),
)
def test_any_finite_scores_give_sound_boxes(
    raw: Map, rule: str, mode: Literal["largest", "all"], min_area: float
) -> None:
    score_map = normalise(raw)
    assert score_map.dtype == np.float32
    assert score_map.min() >= 0
    assert score_map.max() == 1
    mask = binarise(score_map, parse_rule(rule))
    assert mask.any()
    boxes, scores = boxes_from_mask(mask, score_map, mode, min_area)
    height, width = raw.shape
    assert len(boxes) >= 1
    assert (boxes[:, :2] >= 0).all()
    assert (boxes[:, 2:] > boxes[:, :2]).all()
    assert (boxes[:, 2:] <= [width, height]).all()
    assert (np.diff(scores) <= 0).all()
    assert ((scores >= 0) & (scores <= 1)).all()


@pytest.mark.parametrize("seed", range(5))
def test_boxes_agree_with_scikit_image(seed: int) -> None:
    score_map = random_map(seed)
    mask = score_map > 0.6
    regions = regionprops(label(mask, connectivity=2), intensity_image=score_map)
    expected = sorted(
        ((r.intensity_mean, r.bbox[1], r.bbox[0], r.bbox[3], r.bbox[2]) for r in regions), reverse=True
    )
    boxes, scores = boxes_from_mask(mask, score_map, "all")
    assert np.allclose(scores, [e[0] for e in expected], atol=1e-6)
    assert sorted(map(tuple, boxes.tolist())) == sorted(e[1:] for e in expected)
    largest, score = boxes_from_mask(mask, score_map)
    biggest = max(regions, key=lambda r: (r.area, r.intensity_mean))
    assert largest.tolist() == [[biggest.bbox[1], biggest.bbox[0], biggest.bbox[3], biggest.bbox[2]]]
    assert score[0] == pytest.approx(biggest.intensity_mean, abs=1e-6)


MASK = np.zeros((10, 10), np.bool_)
MASK[0:5, 0:4] = True  # 20 pixels, score 0.4
MASK[6:8, 6:8] = True  # 4 pixels, score 0.9
MASK[9, 0] = True  # 1 pixel, score 0.7
MASK_SCORES = np.zeros((10, 10), np.float32)
MASK_SCORES[0:5, 0:4], MASK_SCORES[6:8, 6:8], MASK_SCORES[9, 0] = 0.4, 0.9, 0.7
BIG, SQUARE, DOT = [0, 0, 4, 5], [6, 6, 8, 8], [0, 9, 1, 10]


@pytest.mark.parametrize(
    ("mode", "min_area", "boxes"),
    [
        pytest.param("largest", 0.0, [BIG], id="largest"),
        pytest.param("all", 0.0, [SQUARE, DOT, BIG], id="all-by-score"),
        pytest.param("all", 0.04, [SQUARE, BIG], id="min-area-keeps-its-own-size"),
        pytest.param("all", 0.041, [BIG], id="min-area-drops-below"),
        pytest.param("all", 0.9, [BIG], id="never-none"),
    ],
)
def test_which_components_become_boxes(
    mode: Literal["largest", "all"], min_area: float, boxes: list[list[int]]
) -> None:
    assert boxes_from_mask(MASK, MASK_SCORES, mode, min_area)[0].tolist() == boxes


@pytest.mark.parametrize("mode", ["foo", "", "Largest"])
def test_another_mode_is_refused(mode: str) -> None:
    with pytest.raises(ConfigError, match=f"boxes '{mode}': write 'largest' .* or 'all'"):
        boxes_from_mask(MASK, MASK_SCORES, mode)  # type: ignore[arg-type]


def test_diagonal_neighbours_are_one_component() -> None:
    assert boxes_from_mask(np.eye(3, dtype=np.bool_), np.ones((3, 3), np.float32), "all")[0].tolist() == [
        [0, 0, 3, 3]
    ]


def test_an_empty_mask_has_no_box() -> None:
    boxes, scores = boxes_from_mask(np.zeros((3, 4), np.bool_), np.zeros((3, 4), np.float32))
    assert boxes.shape == (0, 4)
    assert scores.shape == (0,)


def naive_iou(a: list[float], b: list[float]) -> float:
    pixels = [
        {(x, y) for x in range(int(box[0]), int(box[2])) for y in range(int(box[1]), int(box[3]))}
        for box in (a, b)
    ]
    return len(pixels[0] & pixels[1]) / len(pixels[0] | pixels[1])


def test_iou_agrees_with_counting_pixels() -> None:
    corners = np.random.default_rng(0).integers(0, 9, (12, 2, 2))
    low, high = corners.min(axis=1), corners.max(axis=1) + 1
    boxes = np.concatenate([low, high], axis=1).astype(np.float32)
    expected = [[naive_iou(a, b) for b in boxes[:5].tolist()] for a in boxes.tolist()]
    assert np.allclose(iou(boxes, boxes[:5]), expected, atol=1e-6)
    assert np.allclose(np.diag(iou(boxes, boxes)), 1)


def test_iou_of_nothing_is_empty() -> None:
    assert iou(np.zeros((0, 4), np.float32), np.ones((3, 4), np.float32)).shape == (0, 3)
