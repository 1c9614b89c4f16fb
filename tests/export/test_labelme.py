"""Labelme: rectangles and masks by its documented JSON, and what labelme itself reads."""

from __future__ import annotations

import base64
import io
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from aln.convert import write_format
from aln.export import Dataset
from aln.localization import Localization
from tests.export.made_up import CLASS_NAMES, NESTED, exported, masks_of, write_photographs
from tests.export.readers import foreign, reader

each = pytest.mark.parametrize("found", NESTED, ids=lambda found: found.image_id)


def picture(encoded: str) -> NDArray[np.bool_]:
    with Image.open(io.BytesIO(base64.b64decode(encoded))) as image:
        return np.asarray(image) > 0


def check(shapes: list[dict[str, Any]], found: Localization) -> None:
    """Check shapes whose masks are decoded."""
    boxes = [np.ravel(shape["points"]) for shape in shapes if shape["shape_type"] == "rectangle"]
    assert np.array_equal(np.array(boxes).reshape(-1, 4), found.boxes)
    masks = [shape for shape in shapes if shape["shape_type"] == "mask"]
    for shape, expected in zip(masks, masks_of(found), strict=True):
        mask = np.zeros_like(expected)
        (left, top), (right, bottom) = shape["points"]
        mask[top : bottom + 1, left : right + 1] = shape["mask"]
        assert np.array_equal(mask, expected)
    assert {shape["label"] for shape in shapes} <= {found.class_name}


def test_photographs_are_found_behind_a_link(tmp_path: Path) -> None:
    (tmp_path / "disk" / "deep" / "er").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "disk" / "deep" / "er", target_is_directory=True)
    found = NESTED[0]
    write_photographs(tmp_path / "photos", (found,))
    dataset = Dataset(CLASS_NAMES, tmp_path / "photos")
    folder = write_format("labelme", (found,), tmp_path / "link" / "labelme", dataset)
    path = (folder / found.image_id).with_suffix(".json")
    image_path = json.loads(path.read_text(encoding="utf-8"))["imagePath"]
    assert (path.parent / image_path).samefile(tmp_path / "photos" / found.image_id)


def test_photographs_on_another_drive_are_named_in_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def of_windows(*_: object) -> str:
        raise ValueError("path is on mount 'D:', start on mount 'C:'")

    monkeypatch.setattr(os.path, "relpath", of_windows)
    found = NESTED[0]
    path = (exported("labelme", tmp_path, (found,)) / found.image_id).with_suffix(".json")
    image_path = json.loads(path.read_text(encoding="utf-8"))["imagePath"]
    assert image_path == (tmp_path / "photos" / found.image_id).resolve().as_posix()


@each
def test_everything_comes_back(tmp_path: Path, found: Localization) -> None:
    path = (exported("labelme", tmp_path, NESTED) / found.image_id).with_suffix(".json")
    tree = json.loads(path.read_text(encoding="utf-8"))
    assert (tree["imageWidth"], tree["imageHeight"]) == (found.width, found.height)
    assert (path.parent / tree["imagePath"]).resolve() == (tmp_path / "photos" / found.image_id).resolve()
    for shape in tree["shapes"]:
        shape["mask"] = shape["mask"] and picture(shape["mask"])
    check(tree["shapes"], found)


@foreign
@each
def test_labelme_reads_everything(tmp_path: Path, found: Localization) -> None:
    label_file = reader("labelme._label_file")
    path = (exported("labelme", tmp_path, NESTED) / found.image_id).with_suffix(".json")
    check(label_file.read_label_file(str(path)).shapes, found)
