"""Tiny-ImageNet's layout: splits, class subsets, and inclusive corners that become half-open boxes."""

from __future__ import annotations

from pathlib import Path

import pytest

from aln.config import DataConfig
from aln.data import GroundTruth, LabelledImages, Split, open_images, open_truth
from aln.errors import ConfigError, DataError
from tests.data.files import photo, write_files, write_zip

WNIDS = ("n01", "n02", "n03")
WORDS = "n01\tcrane, bird\nn02\tEgyptian cat\nn03\tcrane, machine\nn99\tother\n"
NUMBERS = (0, 2, 10, 449, 450, 499)


def _files() -> dict[str, bytes | str]:
    files: dict[str, bytes | str] = {"wnids.txt": "\n".join(WNIDS) + "\n", "words.txt": WORDS}
    for wnid in WNIDS:
        names = [f"{wnid}_{number}.JPEG" for number in NUMBERS]
        files |= {f"train/{wnid}/images/{name}": photo() for name in names}
        files[f"train/{wnid}/{wnid}_boxes.txt"] = "".join(f"{name}\t1\t2\t53\t63\n" for name in names)
    files["val/images/val_0.JPEG"] = files["val/images/val_1.JPEG"] = files["val/images/val_2.JPEG"] = photo()
    files["val/val_annotations.txt"] = (
        "val_0.JPEG\tn02\t4\t0\t60\t55\nval_1.JPEG\tn01\t63\t28\t63\t47\nval_2.JPEG\tn03\t0\t0\t63\t63\n"
    )
    return files


@pytest.fixture(params=["unpacked", "zips"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Three classes of six training images and one test image each."""
    if request.param == "unpacked":
        return write_files(tmp_path, _files())
    zipped = {f"tiny-imagenet-200/{name}": content for name, content in _files().items()}
    write_zip(tmp_path / "train-0.zip", {name: data for name, data in zipped.items() if "/val/" not in name})
    write_zip(tmp_path / "val.zip", {name: data for name, data in zipped.items() if "/val/" in name})
    return write_files(tmp_path, {"wnids.txt": _files()["wnids.txt"]})


def _config(root: Path, **options: str | int) -> DataConfig:
    return DataConfig(path=str(root), options=dict(options))


def _images(root: Path, split: Split = "train-weaksup", **options: str | int) -> LabelledImages:
    return open_images(_config(root, **options), split)


def _truth(root: Path, split: Split) -> GroundTruth:
    truth = open_truth(_config(root), split)
    assert truth is not None
    return truth


def test_classes_have_human_names_that_differ(root: Path) -> None:
    images = _images(root)
    assert images.name == "tiny-imagenet-3"
    assert images.class_names == ("crane (n01)", "Egyptian cat", "crane (n03)")


@pytest.mark.parametrize(
    ("split", "numbers"), [("train-weaksup", (0, 2, 10, 449)), ("train-fullsup", (450, 499))]
)
def test_training_images_are_split_by_number(root: Path, split: Split, numbers: tuple[int, ...]) -> None:
    images = _images(root, split)
    found = [(images.image_id(index), images.label(index)) for index in range(len(images))]
    assert found == [
        (f"train/{wnid}/images/{wnid}_{number}.JPEG", label)
        for label, wnid in enumerate(WNIDS)
        for number in numbers
    ]
    assert images.read(0).shape == (8, 12, 3)


def test_test_images_are_those_of_validation(root: Path) -> None:
    images = _images(root, "test")
    assert [images.image_id(index) for index in range(3)] == [
        f"val/images/val_{index}.JPEG" for index in range(3)
    ]
    assert [images.label(index) for index in range(3)] == [1, 0, 2]


def test_corners_become_half_open_and_degenerate_boxes_go(root: Path) -> None:
    truth = _truth(root, "test")
    assert truth["val/images/val_0.JPEG"].boxes.tolist() == [[4, 0, 61, 56]]
    assert truth["val/images/val_2.JPEG"].boxes.tolist() == [[0, 0, 64, 64]]
    assert "val/images/val_1.JPEG" not in truth


def test_training_boxes_cover_their_split_alone(root: Path) -> None:
    truth = _truth(root, "train-fullsup")
    assert len(truth) == 6
    assert truth["train/n01/images/n01_450.JPEG"].boxes.tolist() == [[1, 2, 54, 64]]
    assert "train/n01/images/n01_449.JPEG" not in truth


@pytest.mark.parametrize(
    ("options", "classes"),
    [
        ({"class_stride": 2}, ("crane (n01)", "crane (n03)")),
        ({"class_offset": 1}, ("Egyptian cat", "crane")),
        ({"classes": "n03, n02"}, ("Egyptian cat", "crane")),
    ],
    ids=["stride", "offset", "list"],
)
def test_class_subsets(root: Path, options: dict[str, str | int], classes: tuple[str, ...]) -> None:
    images = _images(root, "test", **options)
    assert images.class_names == classes
    assert len(images) == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"stride": 5}, "'stride' is unknown; its options: classes, class_stride, class_offset"),
        ({"class_stride": 0}, "class_stride"),
        ({"classes": "n02,n77"}, "classes n77 are not in .*wnids.txt"),
    ],
)
def test_bad_options(root: Path, options: dict[str, str | int], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        _images(root, "test", **options)


def test_one_class_is_too_few(root: Path) -> None:
    with pytest.raises(DataError, match="at least two classes"):
        _images(root, classes="n01")


def test_malformed_annotations_name_the_line(tmp_path: Path) -> None:
    write_files(tmp_path, {**_files(), "val/val_annotations.txt": "val_0.JPEG\tn02\t4\t0\t60\n"})
    with pytest.raises(DataError, match=r"val_annotations\.txt: line 1 is not 6 columns"):
        _images(tmp_path, "test")


def test_fingerprint_follows_split_and_options(root: Path) -> None:
    prints = [
        _images(root).fingerprint(),
        _images(root, "train-fullsup").fingerprint(),
        _images(root, class_stride=2).fingerprint(),
    ]
    assert len(set(prints)) == 3
    assert _images(root).fingerprint() == prints[0]
