"""What every generated data set promises: scenes of their own index, and masks that fit the images."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from aln.config import DataConfig
from aln.data import GroundTruth, LabelledImages, Split, open_images, open_truth, shared_ids
from aln.errors import ConfigError
from tests.data.files import write_eth80

SPLITS: tuple[Split, ...] = get_args(Split)
Options = dict[str, str | int | float | bool]


@pytest.fixture(params=["shapes", "cluttered-eth80"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., DataConfig]:
    """Makes a small configuration of each generated data set."""
    path = "shapes" if request.param == "shapes" else str(write_eth80(tmp_path))
    return lambda **options: DataConfig(path=path, options={"count": 40, "size": 48, **options})


def _truth(config: DataConfig, split: Split) -> GroundTruth:
    truth = open_truth(config, split)
    assert truth is not None
    return truth


def _pixels(images: LabelledImages) -> list[bytes]:
    return [images.read(index).tobytes() for index in range(len(images))]


def test_images_are_square_and_balanced(make: Callable[..., DataConfig]) -> None:
    images = open_images(make(), "train-weaksup")
    assert len(images) == 40
    assert images.read(3).shape == (48, 48, 3)
    assert images.read(3).dtype == np.uint8
    counts = np.bincount([images.label(index) for index in range(40)], minlength=len(images.class_names))
    assert counts.max() - counts.min() <= 1


def test_an_image_depends_on_seed_split_and_index_alone(make: Callable[..., DataConfig]) -> None:
    images = open_images(make(), "test")
    forward = _pixels(images)
    again = pickle.loads(pickle.dumps(images))
    assert [again.read(index).tobytes() for index in reversed(range(len(again)))] == forward[::-1]
    others = [*_pixels(open_images(make(seed=1), "test")), *_pixels(open_images(make(), "train-weaksup"))]
    assert len({*forward, *others}) == len(forward) + len(others)


def test_fingerprint_follows_every_setting(make: Callable[..., DataConfig]) -> None:
    configs = [make(), make(seed=1), make(size=64), make(count=80)]
    prints = {open_images(config, split).fingerprint() for config in configs for split in SPLITS}
    assert len(prints) == 12
    assert open_images(make(), "test").fingerprint() in prints


def test_splits_share_no_image(make: Callable[..., DataConfig]) -> None:
    test = open_images(make(), "test")
    assert shared_ids(test, test) == [test.image_id(index) for index in range(len(test))]
    assert not shared_ids(test, open_images(make(), "train-fullsup"))
    assert not shared_ids(test, open_images(make(seed=1), "test"))


def test_masks_fill_their_boxes(make: Callable[..., DataConfig]) -> None:
    images, truth = open_images(make(), "train-weaksup"), _truth(make(), "train-weaksup")
    assert len(truth) == 40
    assert "elsewhere.png" not in truth
    for index in range(40):
        found = truth[images.image_id(index)]
        assert found.mask is not None
        assert found.mask.shape == (48, 48)
        ((x0, y0, x1, y1),) = found.boxes.astype(int)
        assert found.mask.sum() == found.mask[y0:y1, x0:x1].sum() > 0
        assert 0 <= x0 < x1 <= 48
        assert 0 <= y0 < y1 <= 48


@pytest.mark.parametrize("options", [{"colour": "red"}, {"size": 3}, {"count": 0}, {"seed": -1}], ids=str)
def test_bad_options(make: Callable[..., DataConfig], options: Options) -> None:
    (name,) = options
    with pytest.raises(ConfigError, match=f"option '{name}'.*its options: size, seed, count"):
        open_images(make(**options), "test")
