"""YOLO: the numbers by their definition, and what supervision reads."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from aln.errors import DataError
from aln.localization import Localization
from tests.export.made_up import CLASS_NAMES, DOT, FOUND, NESTED, exported, found_in, masks_of
from tests.export.readers import foreign, reader


def lines(folder: Path, found: Localization) -> list[list[float]]:
    path = (folder / "labels" / found.image_id).with_suffix(".txt")
    return [[float(value) for value in line.split()] for line in path.read_text().splitlines()]


@pytest.mark.parametrize("found", NESTED, ids=lambda found: found.image_id)
def test_boxes_are_centres_and_sizes(tmp_path: Path, found: Localization) -> None:
    rows = lines(exported("yolo", tmp_path, NESTED), found)
    numbers = np.array(rows).reshape(-1, 5)
    middle, half = numbers[:, 1:3], numbers[:, 3:] / 2
    size = [found.width, found.height]
    corners = np.concatenate([(middle - half) * size, (middle + half) * size], axis=1)
    assert np.allclose(corners, found.boxes, atol=1e-5)
    assert set(numbers[:, 0].tolist()) <= {found.label}


@pytest.mark.parametrize("found", NESTED, ids=lambda found: found.image_id)
def test_polygons_filled_as_ultralytics_does_are_the_masks(tmp_path: Path, found: Localization) -> None:
    masks = masks_of(found)
    rows = lines(exported("yolo-seg", tmp_path, NESTED), found)
    assert len(rows) == len(masks)
    for row, mask in zip(rows, masks, strict=True):
        polygon = np.array(row[1:], np.float32).reshape(-1, 2) * np.array(
            [found.width, found.height], np.float32
        )
        drawn = np.zeros(mask.shape, np.uint8)
        cv2.fillPoly(drawn, [polygon.astype(np.int32)], [1])
        assert np.array_equal(drawn, mask)


def test_photographs_and_labels_are_found_from_the_list(tmp_path: Path) -> None:
    folder = exported("yolo", tmp_path, NESTED)
    listed = (folder / "train.txt").read_text(encoding="utf-8").splitlines()
    assert [name.removeprefix("./images/") for name in listed] == [found.image_id for found in NESTED]
    for name in listed:
        assert (folder / name).is_file()
        labels = Path("/labels/".join(str(folder / name).rsplit("/images/", 1))).with_suffix(".txt")
        assert labels.is_file()


def read_by_ultralytics(folder: Path) -> dict[Path, Path]:
    """Label files by photograph, as its `get_img_files` and `img2label_paths` find them."""
    listed = (folder / "train.txt").read_text(encoding="utf-8").strip().splitlines()
    photographs = [line.replace("./", f"{folder}/") if line.startswith("./") else line for line in listed]
    return {
        Path(path): Path("/labels/".join(path.rsplit("/images/", 1)).rsplit(".", 1)[0] + ".txt")
        for path in photographs
    }


MISREAD = (
    "x.jpg",
    "alp/images/1.jpg",
    "alp/images/2.jpg",
    "alp/labels/1.jpg",
    "images/1.jpg",
    "images/images/1.jpg",
    "images/labels/1.jpg",
    "images-/1.jpg",
    "labels/1.jpg",
    "labels/images/1.jpg",
    "a/images/1.jpg",
    "a/images/b/1.jpg",
    "a/images/b/images/c/1.jpg",
    "a/images-/b/images/c/1.jpg",
    "Picus sp./1.jpg",
    "Picus sp.-/1.jpg",
    "Picus sp./images/er/1.jpg",
    "apart/images/1.jpg",
    "my images/1.jpg",
)
"""Folders whose names mean something to Ultralytics, and those that could be mixed up with them."""


@pytest.mark.parametrize("name", ["yolo", "yolo-seg"])
def test_folders_that_ultralytics_would_misread(tmp_path: Path, name: str) -> None:
    boxes = {image_id: (0, 0, number, 1) for number, image_id in enumerate(MISREAD, start=1)}
    results = tuple(found_in(image_id, {1.0: (box,)}) for image_id, box in boxes.items())
    folder = exported(name, tmp_path, results)
    found = read_by_ultralytics(folder)
    assert len(found) == len(set(found.values())) == len(MISREAD)
    for (photograph, labels), (image_id, box) in zip(found.items(), boxes.items(), strict=True):
        assert photograph.samefile(tmp_path / "photos" / image_id)
        numbers = [float(number) for number in labels.read_text().split()[1:]]
        assert max(numbers[2::2] if name == "yolo" else numbers[::2]) * 30 == pytest.approx(box[2], abs=0.53)
    held = sorted(path for path in (tmp_path / "photos").rglob("*") if path.is_file())
    assert held == sorted(tmp_path / "photos" / image_id for image_id in MISREAD), "nothing is put among them"


def test_folders_that_nothing_misreads_stay_as_they_are(tmp_path: Path) -> None:
    folder = exported("yolo", tmp_path, NESTED)
    assert sorted(path.name for path in folder.iterdir()) == ["data.yaml", "images", "labels", "train.txt"]


def test_photographs_that_would_share_a_file_are_refused(tmp_path: Path) -> None:
    twins = (found_in("a.jpg", {1.0: DOT}), found_in("a.png", {1.0: DOT}))
    with pytest.raises(DataError, match=r"a\.png: another photograph .* rename"):
        exported("yolo", tmp_path, twins)
    assert list((tmp_path / "annotations").iterdir()) == []


@foreign
@pytest.mark.parametrize("name", ["yolo", "yolo-seg"])
def test_supervision_reads_everything(tmp_path: Path, name: str) -> None:
    supervision = reader("supervision")
    folder = exported(name, tmp_path)
    read = supervision.DetectionDataset.from_yolo(
        str(tmp_path / "photos"), str(folder / "labels"), str(folder / "data.yaml")
    )
    assert read.classes == list(CLASS_NAMES)
    assert len(read) == len(FOUND)
    for path, _, detections in read:
        found = next(f for f in FOUND if Path(path).name == f.image_id)
        assert np.allclose(detections.xyxy.reshape(-1, 4), found.boxes, atol=1e-4 if name == "yolo" else 0.53)
        assert set(np.atleast_1d(detections.class_id).tolist()) <= {found.label}
        if name == "yolo-seg" and len(found.boxes):
            assert np.array_equal(detections.mask, masks_of(found))
