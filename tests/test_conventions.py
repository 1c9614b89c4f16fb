"""Each line of docs/conventions.md, as a test."""

import re
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image as PillowImage

import aln
from aln.boxes import binarise, boxes_from_mask, iou, normalise, parse_rule
from aln.config import DataConfig, SuperpixelConfig
from aln.data import open_images, open_truth
from aln.data.images import decode, read_image, resize_to_input
from aln.localization import Localization
from aln.models.preprocessing import Preprocessing
from aln.superpixels import ALGORITHMS, segment
from tests.small_model import small_localizer


def test_convention_images_are_rgb(tmp_path: Path) -> None:
    PillowImage.new("RGB", (3, 2), (255, 128, 0)).save(tmp_path / "a.png")
    image = read_image(tmp_path / "a.png")
    assert image.shape == (2, 3, 3)
    assert image.dtype == np.uint8
    assert image[0, 0].tolist() == [255, 128, 0]


def test_convention_exif_orientation_is_applied() -> None:
    turned = PillowImage.new("RGB", (40, 20))
    exif = turned.getexif()
    exif[0x0112] = 6
    file = BytesIO()
    turned.save(file, "JPEG", exif=exif)
    assert decode(file.getvalue(), "turned.jpg").shape == (40, 20, 3)


def test_convention_zero_is_the_mean_colour() -> None:
    preprocessing = Preprocessing(2, mean=(0.2, 0.4, 0.6), std=(0.3, 0.2, 0.1))
    pixels = torch.tensor([51, 102, 153], dtype=torch.uint8).expand(1, 2, 2, 3)
    images = preprocessing.normalise(pixels)
    assert images.shape == (1, 3, 2, 2)
    assert images.dtype == torch.float32
    assert images.abs().max() < 1e-6
    assert torch.equal(preprocessing.denormalise(images), pixels)


def test_convention_the_whole_photograph_is_seen() -> None:
    corners = np.zeros((40, 120, 3), np.uint8)
    corners[:8, :8] = corners[-8:, -8:] = 255
    square = resize_to_input(corners, 32)
    assert square.shape == (32, 32, 3)
    assert square[0, 0].min() > 200
    assert square[-1, -1].min() > 200


@pytest.mark.parametrize("algorithm", list(ALGORITHMS))
def test_convention_segments_are_connected_and_counted_from_zero(algorithm: str) -> None:
    image = np.random.default_rng(0).integers(0, 256, (37, 50, 3)).astype(np.uint8)
    segments = segment(image, SuperpixelConfig(algorithm=algorithm))
    labels = np.unique(segments)
    assert segments.shape == (37, 50)
    assert labels.tolist() == list(range(len(labels)))
    for label in labels:
        assert cv2.connectedComponents((segments == label).astype(np.uint8), connectivity=4)[0] == 2


@pytest.mark.parametrize(
    ("raw", "expected"),
    [([[-3.0, 1.0]], [[0.0, 1.0]]), ([[0.0, 5.0, 10.0]], [[0.0, 0.5, 1.0]]), ([[7.0, 7.0]], [[1.0, 1.0]])],
    ids=["signed", "stretched", "flat"],
)
def test_convention_score_maps_span_zero_to_one(raw: list[list[float]], expected: list[list[float]]) -> None:
    score_map = normalise(np.array(raw))
    assert score_map.dtype == np.float32
    assert score_map.tolist() == expected


@pytest.mark.parametrize("rule", ["paper", "fixed:1", "otsu", "percentile:100", "max:1"])
def test_convention_masks_are_never_empty(rule: str) -> None:
    score_map = normalise(np.random.default_rng(1).random((9, 7)))
    assert binarise(score_map, parse_rule(rule)).any()


def test_convention_boxes_are_half_open() -> None:
    mask = np.zeros((5, 6), np.bool_)
    mask[2, 3] = True
    boxes, _ = boxes_from_mask(mask, mask.astype(np.float32))
    assert boxes.tolist() == [[3, 2, 4, 3]]


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ([0, 0, 10, 10], [0, 0, 10, 10], 1.0),
        ([0, 0, 10, 10], [10, 0, 20, 10], 0.0),
        ([0, 0, 10, 10], [5, 0, 15, 10], 1 / 3),
        ([0, 0, 1, 1], [0, 0, 2, 2], 0.25),
    ],
    ids=["same", "touching", "shifted by half", "a quarter"],
)
def test_convention_iou_has_no_plus_one(a: list[float], b: list[float], expected: float) -> None:
    assert iou(np.array([a], np.float32), np.array([b], np.float32)) == pytest.approx(expected)


def test_convention_boxes_come_best_first() -> None:
    score_map = np.zeros((10, 10), np.float32)
    score_map[0:6, 0:3] = 0.5
    score_map[7:9, 7:9] = 1.0
    boxes, scores = boxes_from_mask(score_map > 0, score_map, "all")
    assert boxes.tolist() == [[7, 7, 9, 9], [0, 0, 3, 6]]
    assert scores.tolist() == [1.0, 0.5]


def test_convention_label_and_prediction() -> None:
    found = Localization(
        image_id="a.jpg",
        score_map=np.ones((2, 2), np.float32),
        mask=np.ones((2, 2), np.bool_),
        boxes=np.zeros((0, 4), np.float32),
        box_scores=np.zeros(0, np.float32),
        label=1,
        class_names=("cat", "dog"),
        probabilities=np.array([0.9, 0.1], np.float32),
        method="aln",
        rule="paper",
    )
    assert (found.class_name, found.class_names[found.predicted_label]) == ("dog", "cat")


def test_convention_image_ids_have_forward_slashes(tmp_path: Path) -> None:
    for name in ("cat/deep/a.png", "dog/b.png"):
        (tmp_path / name).parent.mkdir(parents=True)
        PillowImage.new("RGB", (4, 4)).save(tmp_path / name)
    images = open_images(DataConfig(path=str(tmp_path)), "train-weaksup")
    assert [images.image_id(index) for index in range(len(images))] == ["cat/deep/a.png", "dog/b.png"]


def test_convention_inclusive_corners_are_converted(tmp_path: Path) -> None:
    (tmp_path / "val" / "images").mkdir(parents=True)
    (tmp_path / "wnids.txt").write_text("n1\n")
    (tmp_path / "words.txt").write_text("n1\tcat\n")
    (tmp_path / "val" / "val_annotations.txt").write_text("a.JPEG\tn1\t0\t10\t63\t19\n")
    truth = open_truth(DataConfig(path=str(tmp_path), format="tiny-imagenet"), "test")
    assert truth is not None
    assert truth["val/images/a.JPEG"].boxes.tolist() == [[0, 10, 64, 20]]


def test_convention_a_model_is_one_folder(tmp_path: Path) -> None:
    before = small_localizer()
    before.save(tmp_path / "model")
    assert {path.name for path in (tmp_path / "model").iterdir()} == {
        "model.safetensors",
        "config.toml",
        "model.json",
    }
    after = aln.load(tmp_path / "model")
    assert after.class_names == before.class_names
    assert after.networks.preprocessing == before.networks.preprocessing
    assert after.config.localize.rule == before.config.localize.rule


def test_the_page_and_the_tests_agree() -> None:
    page = (Path(__file__).parents[1] / "docs" / "conventions.md").read_text(encoding="utf-8")
    assert set(re.findall(r"`(test_convention_\w+)`", page)) == {
        name for name in globals() if name.startswith("test_convention_")
    }
