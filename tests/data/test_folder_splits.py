"""Class folders for other splits: whose annotations are whose, and what changes the revision."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from aln.config import DataConfig
from aln.data import LabelledImages, Split, open_images, open_truth, revision
from tests.data.files import encoded, photo, write_files

HEADER = "image,x0,y0,x1,y1\n"


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Two classes with a photograph of 12x8 pixels each."""
    return write_files(tmp_path / "photos", {"cat/1.jpg": photo(), "dog/1.jpg": photo(seed=1)})


def _data(path: Path, **options: str) -> DataConfig:
    return DataConfig(path=str(path), format="folder", options=dict(options))


def _names(images: LabelledImages) -> list[str]:
    return [images.image_id(index) for index in range(len(images))]


def _boxes(data: DataConfig, split: Split) -> dict[str, list[list[float]]]:
    images, truth = open_images(data, split), open_truth(data, split)
    assert truth is not None
    return {name: truth[name].boxes.tolist() for name in _names(images) if name in truth}


@pytest.mark.parametrize("beside", [True, False], ids=["name", "path"])
def test_other_splits_may_lie_elsewhere(photos: Path, tmp_path: Path, beside: bool) -> None:
    held: dict[str, bytes | str] = {
        "cat/9.jpg": photo(seed=2),
        "dog/8.jpg": photo(seed=3),
        "boxes.csv": HEADER + "cat/9.jpg,1,1,8,6\n",
    }
    folder = write_files(tmp_path / "held-out", held)
    where = folder.name if beside else str(folder)
    data = _data(photos, test=where)
    assert _names(open_images(data, "test")) == ["cat/9.jpg", "dog/8.jpg"]
    for split in ("train-weaksup", "train-fullsup"):
        assert _names(open_images(data, split)) == ["cat/1.jpg", "dog/1.jpg"]
    assert _boxes(data, "test") == {"cat/9.jpg": [[1, 1, 8, 6]]}
    assert _names(open_images(_data(photos, fullsup=where), "train-fullsup")) == ["cat/9.jpg", "dog/8.jpg"]


def test_named_annotations_are_those_of_the_test_folder(photos: Path, tmp_path: Path) -> None:
    """The photographs of both folders have the same names."""
    shutil.copytree(photos, tmp_path / "held-out")
    write_files(photos, {"boxes.csv": HEADER + "cat/1.jpg,2,2,9,7\n"})
    truth = write_files(tmp_path, {"truth.csv": HEADER + "cat/1.jpg,1,1,8,6\n"}) / "truth.csv"
    data = _data(photos, test="held-out", boxes=str(truth))
    assert _boxes(data, "test") == {"cat/1.jpg": [[1, 1, 8, 6]]}
    assert _boxes(data, "train-fullsup") == {"cat/1.jpg": [[2, 2, 9, 7]]}
    for split in ("test", "train-fullsup"):
        assert _boxes(_data(photos, boxes=str(truth)), split) == {"cat/1.jpg": [[1, 1, 8, 6]]}


@pytest.mark.parametrize(
    ("name", "content", "changes"),
    [
        ("test/cat/1.jpg", photo(seed=7), True),
        ("test/boxes.csv", HEADER + "dog/1.jpg,1,1,8,7\n", True),
        ("test/masks/cat/1.png", encoded(np.zeros((8, 12), np.uint8)), True),
        ("test/masks/dog/1.PNG", encoded(np.ones((8, 12), np.uint8)), True),
        ("few/boxes.csv", HEADER + "cat/1.jpg,1,1,8,7\n", True),
        ("photos/cat/1.jpg", photo(seed=7), False),
        ("test/boxes.csv", HEADER + "dog/1.jpg,1,1,8,6\n", False),
    ],
    ids=[
        "photograph",
        "box",
        "mask",
        "mask in capitals",
        "box to choose by",
        "photograph to train on",
        "written again",
    ],
)
def test_the_revision_changes_with_what_is_measured_on(
    photos: Path, tmp_path: Path, name: str, content: bytes | str, changes: bool
) -> None:
    for other in ("test", "few"):
        shutil.copytree(photos, tmp_path / other)
    mask = encoded(np.ones((8, 12), np.uint8))
    write_files(tmp_path, {"test/masks/cat/1.png": mask, "test/boxes.csv": HEADER + "dog/1.jpg,1,1,8,6\n"})
    data = _data(photos, test="test", fullsup="few")
    before = revision(data)
    write_files(tmp_path, {name: content})
    assert (revision(data) != before) == changes


def test_published_data_sets_have_no_revision() -> None:
    assert not revision(DataConfig(path="shapes", format="shapes"))
