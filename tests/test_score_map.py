from __future__ import annotations

import cv2
import numpy as np
import pytest

from aln.boxes import binarise, normalise, parse_rule
from aln.config import SuperpixelConfig
from aln.score_map import WORKING_SIDE, bring_back, fine_superpixels
from aln.superpixels import segment
from tests.small_model import photograph

SUPERPIXELS = SuperpixelConfig(count=64)
RAW = np.random.default_rng(0).normal(size=(8, 8)).astype(np.float32)


@pytest.mark.parametrize("superpixels", [None, SUPERPIXELS], ids=["bilinear", "superpixels"])
@pytest.mark.parametrize(
    ("height", "width"), [(8, 8), (64, 64), (1, 1), (1, 500), (500, 1), (97, 41), (330, 700)], ids=str
)
def test_any_size_comes_back(height: int, width: int, superpixels: SuperpixelConfig | None) -> None:
    score_map = bring_back(RAW, photograph(height, width), superpixels)
    assert score_map.shape == (height, width)
    assert score_map.dtype == np.float32
    assert score_map.min() >= 0
    assert score_map.max() == 1


def test_scores_at_their_own_size_are_only_stretched() -> None:
    assert np.array_equal(bring_back(RAW, photograph(8, 8), SUPERPIXELS), normalise(RAW))


def test_ordinary_scores_are_resized_bilinearly() -> None:
    expected = normalise(cv2.resize(RAW, (50, 30), interpolation=cv2.INTER_LINEAR))
    assert np.array_equal(bring_back(RAW, photograph(30, 50)), expected)


def test_scores_are_the_means_over_finer_superpixels_of_the_photograph() -> None:
    image = photograph(60, 80)
    pieces = segment(image, SuperpixelConfig(count=256))
    resized = cv2.resize(RAW, (80, 60), interpolation=cv2.INTER_LINEAR)
    expected = np.zeros((60, 80))
    for label in range(pieces.max() + 1):
        expected[pieces == label] = resized[pieces == label].mean(dtype=np.float64)
    assert np.allclose(bring_back(RAW, image, SUPERPIXELS), normalise(expected), atol=1e-5)


@pytest.mark.parametrize("side", [200, 3 * WORKING_SIDE], ids=["small", "above-the-working-size"])
def test_the_mask_follows_the_edges_of_the_photograph(side: int) -> None:
    """Scores that know the object only coarsely: averaging over superpixels brings the mask nearer to it."""
    truth = np.zeros((side, side), np.bool_)
    truth[int(0.31 * side) : int(0.58 * side), int(0.43 * side) : int(0.70 * side)] = True
    image = np.where(truth[..., None], np.uint8(220), np.uint8(40)).repeat(3, axis=2)
    coarse = cv2.resize(truth.astype(np.float32), (8, 8), interpolation=cv2.INTER_AREA)
    overlap = {}
    for name, superpixels in (("bilinear", None), ("pooled", SUPERPIXELS)):
        mask = binarise(bring_back(coarse, image, superpixels), parse_rule("fixed:0.5"))
        overlap[name] = (mask & truth).sum() / (mask | truth).sum()
    assert overlap["pooled"] > overlap["bilinear"] + 0.1


@pytest.mark.parametrize(
    ("height", "width", "expected"),
    [
        (64, 64, (64, 64)),
        (320, 200, (320, 200)),
        (640, 480, (320, 240)),
        (100, 401, (80, 320)),
        (3, 2000, (1, 320)),
    ],
    ids=["small", "the working size", "halved", "rounded", "thin"],
)
def test_superpixels_of_a_photograph_are_made_at_the_working_size(
    height: int, width: int, expected: tuple[int, int]
) -> None:
    assert fine_superpixels(photograph(height, width), SUPERPIXELS).shape == expected


def test_flat_scores_are_the_whole_image_through_superpixels_too() -> None:
    assert (bring_back(np.full((8, 8), 0.3, np.float32), photograph(77, 99), SUPERPIXELS) == 1).all()


def test_scores_that_are_not_finite_are_refused() -> None:
    with pytest.raises(ValueError, match="not finite"):
        bring_back(np.full((8, 8), np.nan, np.float32), photograph(20, 20))
