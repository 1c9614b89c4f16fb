"""The reviewed set: any format holds what was accepted, and a class folder is read by the next training."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from aln.config import DataConfig
from aln.data import open_images, open_truth
from aln.errors import ConfigError, DataError
from aln.export import FORMATS
from aln.web.album import Entry
from aln.web.desk import Desk
from aln.web.reviewed import export, write_class_folder
from aln.web.schemas import Mask, Review, boxes_of
from aln.web.workshop import Choice
from tests.export.made_up import CLASS_NAMES, L_SHAPE, RING, found_in, write_photographs


def accept(desk: Desk, entry: Entry, label: str, **changes: object) -> Review:
    found = desk.localize(entry, Choice(boxes="all"))
    review = Review(
        label=label,
        boxes=boxes_of(found),
        mask=Mask.of(found.mask),
        method=found.method,
        rule=found.rule,
        state="accepted",
    ).model_copy(update=changes)
    desk.reviews.save(entry, review)
    return review


@pytest.fixture
def reviewed(desk: Desk) -> dict[str, Review]:
    """Three accepted reviews, one of them empty, and one that isn't accepted."""
    webp, ant, bird, x = desk.album
    nothing = Mask.of(np.zeros(desk.photograph(bird).shape[:2], bool))
    accept(desk, x, "ant", state="draft")
    return {
        webp.image_id: accept(desk, webp, "ant"),
        ant.image_id: accept(desk, ant, "bee"),
        bird.image_id: accept(desk, bird, "bee", mask=nothing, boxes=[]),
    }


@pytest.mark.parametrize("name", list(FORMATS))
def test_every_format_is_written(desk: Desk, reviewed: dict[str, Review], name: str) -> None:
    folder = export(desk, name)
    assert folder == desk.reviews.out / "annotations" / name
    assert any(path.is_file() and path.stat().st_size for path in folder.rglob("*"))


def test_formats_hold_what_was_accepted(desk: Desk, reviewed: dict[str, Review]) -> None:
    with (export(desk, "csv") / "boxes.csv").open(encoding="utf-8", newline="") as file:
        rows = [
            (row["image"], row["label"], float(row["x0"]), float(row["y1"])) for row in csv.DictReader(file)
        ]
    boxes = {(name, box) for name, review in reviewed.items() for box in map(tuple, corners(review))}
    assert sorted(rows) == sorted((name, reviewed[name].label, box[0], box[3]) for name, box in boxes)
    tree = json.loads((export(desk, "coco") / "annotations.json").read_text(encoding="utf-8"))
    assert {image["file_name"] for image in tree["images"]} == set(reviewed)


def corners(review: Review) -> list[list[float]]:
    return [[box.x0, box.y0, box.x1, box.y1] for box in review.boxes]


def test_a_class_folder_is_read_back(desk: Desk, reviewed: dict[str, Review]) -> None:
    folder = export(desk, "class-folder")
    config = DataConfig(path=str(folder), format="folder")
    images, truth = open_images(config, "train-fullsup"), open_truth(config, "train-fullsup")
    assert truth is not None
    places = {
        "ant/z.webp": "z.webp",
        "bee/ant/a b.png": "ant/a b.png",
        "bee/vögel 雀.jpg": "bee/vögel 雀.jpg",
    }
    assert {images.image_id(index) for index in range(len(images))} == set(places)
    assert images.class_names == ("ant", "bee")
    for index in range(len(images)):
        image_id = images.image_id(index)
        review = reviewed[places[image_id]]
        assert images.class_names[images.label(index)] == review.label
        assert np.array_equal(images.read(index), desk.album.read(entry_of(desk, places[image_id])))
        assert (image_id in truth) == bool(review.boxes)
        if review.boxes:
            assert np.array_equal(truth[image_id].boxes, np.array(corners(review), np.float32))
            mask = truth[image_id].mask
            assert mask is not None
            assert np.array_equal(mask, review.mask.decoded())


def entry_of(desk: Desk, image_id: str) -> Entry:
    return next(entry for entry in desk.album if entry.image_id == image_id)


def test_a_second_export_replaces_the_first(desk: Desk, reviewed: dict[str, Review]) -> None:
    export(desk, "class-folder")
    accept(desk, entry_of(desk, "z.webp"), "bee")
    folder = export(desk, "class-folder")
    assert not (folder / "ant").exists()
    assert (folder / "bee" / "z.webp").exists()
    assert (folder / "masks" / "bee" / "z.webp.png").exists()


def test_nothing_accepted_is_said(desk: Desk) -> None:
    with pytest.raises(DataError, match="nothing is accepted yet"):
        export(desk, "coco")
    assert not (desk.reviews.out / "annotations").exists()


def test_an_unknown_format_is_named(desk: Desk, reviewed: dict[str, Review]) -> None:
    with pytest.raises(ConfigError, match="did you mean 'yolo'"):
        export(desk, "yollo")


def test_photographs_that_differ_in_their_suffix_have_masks_of_their_own(tmp_path: Path) -> None:
    two = (found_in("a.jpg", {1.0: L_SHAPE}), found_in("a.png", {1.0: RING}))
    write_photographs(tmp_path / "photos", two)
    config = DataConfig(path=str(write_class_folder(two, tmp_path / "out", tmp_path / "photos")))
    truth = open_truth(config, "train-fullsup")
    assert truth is not None
    for found in two:
        mask = truth[f"{found.class_name}/{found.image_id}"].mask
        assert mask is not None
        assert np.array_equal(mask, found.mask)


@pytest.mark.parametrize("name", ["masks", "a/b", ".a", ".."])
def test_classes_without_a_folders_name_are_refused(tmp_path: Path, name: str) -> None:
    found = found_in("a.jpg", {1.0: L_SHAPE})
    object.__setattr__(found, "class_names", (name, *CLASS_NAMES[1:]))
    write_photographs(tmp_path / "photos", (found,))
    with pytest.raises(DataError, match="no class folder can have this name"):
        write_class_folder([found], tmp_path / "out", tmp_path / "photos")
