"""Oxford Pets: trimaps to masks, ignored bands and boxes; splits that never move."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from aln.config import DataConfig
from aln.data import GroundTruth, LabelledImages, Split, open_images, open_truth
from aln.errors import ConfigError, DataError
from tests.data.files import encoded, photo, write_files, write_zip

SPLITS: tuple[Split, ...] = get_args(Split)


def _trimap() -> np.ndarray:
    """12x8: object in rows 2-4 and columns 3-8, a band of one pixel around it."""
    trimap = np.full((8, 12), 2, np.uint8)
    trimap[1:6, 2:10] = 3
    trimap[2:5, 3:9] = 1
    return trimap


def _files() -> dict[str, bytes | str]:
    names = [f"{breed}_{number}" for breed in ("Abyssinian", "great_dane") for number in range(1, 21)]
    files: dict[str, bytes | str] = {f"images/{name}.jpg": photo() for name in names}
    files |= {f"annotations/trimaps/{name}.png": encoded(_trimap()) for name in names}
    return files


@pytest.fixture(params=["unpacked", "zip"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Two breeds of twenty photographs."""
    if request.param == "unpacked":
        return write_files(tmp_path, _files())
    return write_zip(tmp_path / "pets.zip", {f"top/{name}": data for name, data in _files().items()})


def _images(root: Path, split: Split, **options: str) -> LabelledImages:
    return open_images(DataConfig(path=str(root), options=dict(options)), split)


def _truth(root: Path, split: Split) -> GroundTruth:
    truth = open_truth(DataConfig(path=str(root)), split)
    assert truth is not None
    return truth


def _ids(images: LabelledImages) -> list[str]:
    return [images.image_id(index) for index in range(len(images))]


def test_splits_share_nothing_and_cover_all(root: Path) -> None:
    images = {split: _images(root, split) for split in SPLITS}
    assert [len(images[split]) for split in SPLITS] == [28, 4, 8]
    ids = {image_id for split in SPLITS for image_id in _ids(images[split])}
    assert len(ids) == 40
    for split in SPLITS:
        labels = [images[split].label(index) for index in range(len(images[split]))]
        assert labels.count(0) == labels.count(1)


def test_splits_are_the_same_on_every_machine(root: Path) -> None:
    numbers = [
        image_id.removeprefix("images/Abyssinian_") for image_id in _ids(_images(root, "train-fullsup"))[:2]
    ]
    assert numbers == ["11.jpg", "16.jpg"]


def test_classes_are_breeds(root: Path) -> None:
    images = _images(root, "test")
    assert images.name == "oxford-pets-2"
    assert images.class_names == ("Abyssinian", "great_dane")
    assert images.read(0).shape == (8, 12, 3)


def test_trimap_becomes_mask_band_and_box(root: Path) -> None:
    truth = _truth(root, "test")
    assert len(truth) == 8
    found = truth[_ids(_images(root, "test"))[0]]
    assert found.mask is not None
    assert found.ignore is not None
    np.testing.assert_array_equal(found.mask, _trimap() == 1)
    np.testing.assert_array_equal(found.ignore, _trimap() == 3)
    assert found.boxes.tolist() == [[3, 2, 9, 5]]


@pytest.mark.parametrize("missing", ["trimap", "object"])
def test_photograph_without_a_usable_trimap_has_no_truth(tmp_path: Path, missing: str) -> None:
    root = write_files(tmp_path, _files())
    image_id = _ids(_images(root, "test"))[0]
    trimap = root / image_id.replace("images", "annotations/trimaps").replace(".jpg", ".png")
    if missing == "trimap":
        trimap.unlink()
    else:
        trimap.write_bytes(encoded(np.full((8, 12), 2, np.uint8)))
    truth = _truth(root, "test")
    assert image_id not in truth
    assert len(truth) == 7


def test_other_values_are_no_trimap(tmp_path: Path) -> None:
    root = write_files(tmp_path, _files())
    for trimap in (root / "annotations" / "trimaps").iterdir():
        trimap.write_bytes(encoded(np.full((8, 12), 255, np.uint8)))
    with pytest.raises(DataError, match="holds other values than 1, 2 and 3"):
        _truth(root, "test")


def test_there_are_no_options(root: Path) -> None:
    with pytest.raises(ConfigError, match="'size' is unknown; its options: none"):
        _images(root, "test", size="8")
