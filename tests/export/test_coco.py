"""COCO, read by pycocotools: every box and mask comes back, and COCOeval takes the scores."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from aln.localization import Localization
from tests.export.made_up import CLASS_NAMES, FOUND, NESTED, exported, masks_of
from tests.export.readers import foreign, reader

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # pycocotools

BY_NAME = {found.image_id: found for found in NESTED}


def load(folder: Path) -> tuple[COCO, COCO]:
    """The annotations and the detections."""
    truth = COCO(str(folder / "annotations.json"))
    return truth, truth.loadRes(str(folder / "detections.json"))


def check(coco: COCO, image: dict[str, object], found: Localization) -> None:
    rows = coco.loadAnns(coco.getAnnIds(imgIds=[image["id"]]))
    corners = [[x, y, x + w, y + h] for x, y, w, h in (row["bbox"] for row in rows)]
    assert np.array_equal(np.array(corners, np.float32).reshape(-1, 4), found.boxes)
    assert np.allclose([row["score"] for row in rows], found.box_scores, atol=1e-6)
    assert {CLASS_NAMES[row["category_id"] - 1] for row in rows} <= {found.class_name}
    masks = np.array([coco.annToMask(row) for row in rows], bool).reshape(-1, found.height, found.width)
    assert np.array_equal(masks, masks_of(found))


def test_everything_comes_back(tmp_path: Path) -> None:
    truth, detections = load(exported("coco", tmp_path, NESTED))
    assert [row["name"] for row in truth.loadCats(truth.getCatIds())] == list(CLASS_NAMES)
    images = truth.loadImgs(truth.getImgIds())
    assert [image["file_name"] for image in images] == list(BY_NAME)
    for image in images:
        found = BY_NAME[image["file_name"]]
        assert (image["width"], image["height"]) == (found.width, found.height)
        check(truth, image, found)
        check(detections, image, found)


@pytest.mark.parametrize("kind", ["bbox", "segm"])
def test_cocoeval_finds_every_object_where_it_is(tmp_path: Path, kind: str) -> None:
    evaluation = COCOeval(*load(exported("coco", tmp_path)), kind)
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    assert evaluation.stats[0] == pytest.approx(1)


def test_annotations_without_any_result_are_whole(tmp_path: Path) -> None:
    folder = exported("coco", tmp_path, ())
    assert json.loads((folder / "detections.json").read_text()) == []
    assert COCO(str(folder / "annotations.json")).getImgIds() == []


@foreign
def test_supervision_reads_the_boxes(tmp_path: Path) -> None:
    supervision = reader("supervision")
    folder = exported("coco", tmp_path)
    read = supervision.DetectionDataset.from_coco(
        str(tmp_path / "photos"), str(folder / "annotations.json"), force_masks=True
    )
    for path, _, detections in read:
        found = next(f for f in FOUND if Path(path).name == f.image_id)
        assert np.array_equal(detections.xyxy.astype(np.float32).reshape(-1, 4), found.boxes)
        assert {read.classes[index] for index in detections.class_id} <= {found.class_name}
