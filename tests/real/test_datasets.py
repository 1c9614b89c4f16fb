"""The formats on the real data sets: counts, known boxes, and splits that share nothing."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from aln.config import DataConfig
from aln.data import GroundTruth, LabelledImages, Split, open_images, open_truth

SPLITS: tuple[Split, ...] = get_args(Split)


def _images(config: DataConfig, split: Split) -> LabelledImages:
    return open_images(config, split)


def _truth(config: DataConfig, split: Split) -> GroundTruth:
    truth = open_truth(config, split)
    assert truth is not None
    return truth


def _ids(config: DataConfig, split: Split) -> list[str]:
    images = open_images(config, split)
    return [images.image_id(index) for index in range(len(images))]


@pytest.mark.parametrize(
    ("folder", "options", "name", "counts"),
    [
        ("tiny-imagenet-100", {}, "tiny-imagenet-100", [45_000, 5_000, 5_000]),
        ("tiny-imagenet-100", {"class_stride": 5}, "tiny-imagenet-20", [9_000, 1_000, 1_000]),
        ("oxford-pets-3", {}, "oxford-pets-3", [420, 60, 120]),
        ("eth-80", {}, "cluttered-eth80", [8_000, 1_600, 1_600]),
    ],
)
def test_splits_have_their_sizes_and_share_no_image(
    shared_data: Path, folder: str, options: dict[str, int], name: str, counts: list[int]
) -> None:
    config = DataConfig(path=str(shared_data / folder), options=dict(options))
    ids = [_ids(config, split) for split in SPLITS]
    assert [len(of_split) for of_split in ids] == counts
    assert len(set().union(*ids)) == sum(counts)
    assert _images(config, "test").name == name


@pytest.mark.parametrize("folder", ["tiny-imagenet-100", "oxford-pets-3", "eth-80"])
@pytest.mark.parametrize("split", SPLITS)
def test_images_fit_their_truth(shared_data: Path, folder: str, split: Split) -> None:
    config = DataConfig(path=str(shared_data / folder))
    images, truth = _images(config, split), _truth(config, split)
    for index in range(0, len(images), len(images) // 20):
        image, image_id = images.read(index), images.image_id(index)
        if image_id not in truth:
            continue
        found = truth[image_id]
        height, width = image.shape[:2]
        assert (found.boxes >= 0).all()
        assert (found.boxes[:, 2:] <= [width, height]).all()
        assert found.mask is None or found.mask.shape == (height, width)


def test_tiny_imagenet_box_is_half_open(shared_data: Path) -> None:
    truth = _truth(DataConfig(path=str(shared_data / "tiny-imagenet-100")), "test")
    assert truth["val/images/val_2.JPEG"].boxes.tolist() == [[4, 0, 61, 56]]


def test_tiny_imagenet_degenerate_boxes_are_dropped(shared_data: Path) -> None:
    truth = _truth(DataConfig(path=str(shared_data / "tiny-imagenet-100")), "test")
    assert len(truth) == 5_000 - 30
    assert "val/images/val_9165.JPEG" not in truth, "stored as 26 0 34 0"


def test_tiny_imagenet_names_are_words(shared_data: Path) -> None:
    images = _images(DataConfig(path=str(shared_data / "tiny-imagenet-100")), "test")
    assert images.class_names[:3] == ("Egyptian cat", "volleyball", "lemon")
    assert len(set(images.class_names)) == 100


def test_pets_are_mostly_object(shared_data: Path) -> None:
    config = DataConfig(path=str(shared_data / "oxford-pets-3"))
    truth = _truth(config, "test")
    founds = [truth[image_id] for image_id in _ids(config, "test")]
    areas = [found.mask.mean() for found in founds if found.mask is not None]
    assert len(areas) == 120
    assert 0.2 < float(np.mean(areas)) < 0.6


def test_cluttered_eth80_guessing_the_place_fails(shared_data: Path) -> None:
    config = DataConfig(path=str(shared_data / "eth-80"), options={"count": 2000})
    truth = _truth(config, "test")
    boxes = np.concatenate([truth[image_id].boxes for image_id in _ids(config, "test")])
    sides = boxes[:, 2:] - boxes[:, :2]
    assert sides.max(axis=1).min() > 0.28 * 64
    assert sides.max() <= 0.75 * 64 + 1
    centres = (boxes[:, :2] + sides / 2).mean(axis=0)
    np.testing.assert_allclose(centres, 32, atol=2)
