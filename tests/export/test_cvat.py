"""CVAT XML 1.1: its run lengths by their definition, and what datumaro reads."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from aln.errors import DataError
from aln.export.cvat import NO_FRAME, run_lengths
from aln.localization import Localization
from tests.export.made_up import (
    CLASS_NAMES,
    DOT,
    FOUND,
    NESTED,
    exported,
    found_in,
    masks_of,
    write_photographs,
)
from tests.export.readers import foreign, reader


def decoded(runs: list[int], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    return np.repeat(np.arange(len(runs)) % 2 == 1, runs).reshape(shape)


def mask_of(node: ET.Element, found: Localization) -> NDArray[np.bool_]:
    left, top, width, height = (int(node.attrib[key]) for key in ("left", "top", "width", "height"))
    mask = np.zeros((found.height, found.width), bool)
    runs = [int(run) for run in node.attrib["rle"].split(", ")]
    mask[top : top + height, left : left + width] = decoded(runs, (height, width))
    return mask


@given(arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=9)))
def test_run_lengths_come_back(crop: NDArray[np.bool_]) -> None:
    runs = run_lengths(crop)
    assert np.array_equal(decoded(runs, crop.shape), crop)
    assert min(runs[1:], default=1) > 0


@pytest.mark.parametrize("index", range(len(NESTED)), ids=[found.image_id for found in NESTED])
def test_everything_comes_back(tmp_path: Path, index: int) -> None:
    root = ET.parse(exported("cvat", tmp_path, NESTED) / "annotations.xml").getroot()
    assert root.findtext("version") == "1.1"
    assert [node.text for node in root.findall("meta/task/labels/label/name")] == list(CLASS_NAMES)
    image, found = root.findall("image")[index], NESTED[index]
    shown = {
        "id": str(NO_FRAME + index),
        "name": found.image_id,
        "width": str(found.width),
        "height": str(found.height),
    }
    assert image.attrib == shown
    boxes = [[float(box.attrib[key]) for key in ("xtl", "ytl", "xbr", "ybr")] for box in image.iter("box")]
    assert np.array_equal(np.array(boxes).reshape(-1, 4), found.boxes)
    masks = [mask_of(node, found) for node in image.iter("mask")]
    assert np.array_equal(np.array(masks, bool).reshape(-1, found.height, found.width), masks_of(found))
    for kind in ("box", "mask"):
        scores = [float(node.findtext("attribute[@name='score']") or 0) for node in image.iter(kind)]
        assert np.allclose(scores, found.box_scores, atol=1e-6)
    assert {node.attrib["label"] for node in image} <= {found.class_name}
    groups = [int(node.attrib["group_id"]) for node in image]
    assert groups == [number for number in range(1, len(found.boxes) + 1) for _ in range(2)]


def test_the_labels_can_be_pasted_into_a_task(tmp_path: Path) -> None:
    labels = json.loads((exported("cvat", tmp_path) / "labels.json").read_text(encoding="utf-8"))
    assert [label["name"] for label in labels] == list(CLASS_NAMES)
    assert {label["attributes"][0]["name"] for label in labels} == {"score"}


@foreign
def test_datumaro_reads_everything(tmp_path: Path) -> None:
    base = reader("datumaro.plugins.data_formats.cvat.base")
    folder = exported("cvat", tmp_path)
    write_photographs(folder / "images")
    read = base.CvatBase(str(folder / "annotations.xml"))
    names = [label.name for label in next(iter(read.categories().values())).items]
    assert names == list(CLASS_NAMES)
    items = {item.id: item for item in read}
    for found in FOUND[:3]:  # it leaves out photographs with nothing on them
        shapes = items[Path(found.image_id).stem].annotations
        boxes = [shape for shape in shapes if shape.type.name == "bbox"]
        masks = [shape for shape in shapes if shape.type.name == "mask"]
        assert np.array_equal(np.array([box.points for box in boxes]), found.boxes)
        assert np.array_equal(np.array([mask.image for mask in masks]) > 0, masks_of(found))
        assert {names[shape.label] for shape in shapes} == {found.class_name}
        scores = [float(shape.attributes["score"]) for shape in boxes]
        assert np.allclose(scores, found.box_scores, atol=1e-6)


def test_photographs_that_cvat_takes_for_one_are_refused(tmp_path: Path) -> None:
    """It looks for a photograph by its name without the suffix."""
    exported("cvat", tmp_path / "apart", (found_in("a.jpg", {1.0: DOT}), found_in("b/a.png", {1.0: DOT})))
    with pytest.raises(DataError, match=r"b/a\.png: another photograph .* rename"):
        exported("cvat", tmp_path, (found_in("b/a.jpg", {1.0: DOT}), found_in("b/a.png", {1.0: DOT})))
