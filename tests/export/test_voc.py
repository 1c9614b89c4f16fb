"""Pascal VOC: pixels counted from 1, masks in palette PNGs, and what supervision reads."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from aln.errors import ConfigError
from aln.export import Dataset
from aln.export.voc import write_voc
from aln.localization import Localization
from tests.export.made_up import CLASS_NAMES, FOUND, NESTED, exported, masks_of
from tests.export.readers import foreign, reader


def values(folder: Path, found: Localization) -> NDArray[np.uint8]:
    with Image.open((folder / found.image_id).with_suffix(".png")) as picture:
        assert picture.mode == "P"
        return np.asarray(picture)


@pytest.mark.parametrize("found", NESTED, ids=lambda found: found.image_id)
def test_everything_comes_back(tmp_path: Path, found: Localization) -> None:
    folder = exported("voc", tmp_path, NESTED)
    tree = ET.parse((folder / "Annotations" / found.image_id).with_suffix(".xml")).getroot()
    assert tree.findtext("filename") == found.image_id
    assert [int(tree.findtext(f"size/{side}") or 0) for side in ("width", "height")] == [
        found.width,
        found.height,
    ]
    names = ("xmin", "ymin", "xmax", "ymax")
    corners = [[float(box.findtext(name) or 0) for name in names] for box in tree.iter("bndbox")]
    assert np.array_equal(np.array(corners).reshape(-1, 4) - [1, 1, 0, 0], found.boxes)
    assert {node.text for node in tree.findall("object/name")} <= {found.class_name}
    by_object = values(folder / "SegmentationObject", found)
    masks = masks_of(found)
    for index, mask in enumerate(masks, start=1):
        assert np.array_equal(by_object == index, mask)
    by_class = values(folder / "SegmentationClass", found)
    assert np.array_equal(by_class, masks.any(axis=0) * (found.label + 1))


def test_the_colours_are_those_of_the_development_kit(tmp_path: Path) -> None:
    listed = (exported("voc", tmp_path) / "labelmap.txt").read_text(encoding="utf-8").splitlines()[1:]
    assert [line.split(":")[:2] for line in listed] == [
        ["background", "0,0,0"],
        [CLASS_NAMES[0], "128,0,0"],
        [CLASS_NAMES[1], "0,128,0"],
        [CLASS_NAMES[2], "128,128,0"],
    ]


def test_more_classes_than_colours_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="254 classes, not 255; choose coco"):
        write_voc((), tmp_path, Dataset(tuple(map(str, range(255))), tmp_path))


@foreign
def test_supervision_reads_the_boxes(tmp_path: Path) -> None:
    supervision = reader("supervision")
    folder = exported("voc", tmp_path)
    read = supervision.DetectionDataset.from_pascal_voc(str(tmp_path / "photos"), str(folder / "Annotations"))
    assert len(read) == len(FOUND)
    for path, _, detections in read:
        found = next(f for f in FOUND if Path(path).name == f.image_id)
        assert np.array_equal(detections.xyxy.reshape(-1, 4), found.boxes)
        assert {read.classes[index] for index in np.atleast_1d(detections.class_id)} <= {found.class_name}


@pytest.mark.parametrize("name", ["bolt: M5", "#1", "background"])
def test_names_that_break_the_label_map_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=r"can't hold a class called .*; choose coco or cvat"):
        write_voc((), tmp_path / "voc", Dataset(("ant", name), tmp_path))
    assert not (tmp_path / "voc").exists()
