"""What is written in wsolevaluation's layout measures as the model itself does under `choe2020`."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from aln.data.base import Truth
from aln.errors import DataError
from aln.evaluation.evaluate import evaluate
from aln.evaluation.score_maps import evaluate_score_maps
from aln.evaluation.wsol_metadata import read_metadata
from aln.evaluation.wsol_writer import WsolWriter
from aln.sources import Photograph
from tests.evaluation.fakes import FakeImages, FakeTruth, random_truth
from tests.small_model import CLASS_NAMES, photograph, small_localizer

SIZES = [(40, 60), (32, 32), (300, 250), (70, 31)]
LABELS = [1, 0, 2, 1]
IMAGES = FakeImages([photograph(*size, seed=i) for i, size in enumerate(SIZES)], LABELS, CLASS_NAMES)
TRUTHS = {str(i): random_truth(i, size) for i, size in enumerate(SIZES)}
FIGURES = ("max_box_acc", "max_box_acc_v2", "px_ap")


def test_figures_are_those_of_the_model(tmp_path: Path) -> None:
    writer = WsolWriter(tmp_path / "maps", tmp_path / "split")
    rows = evaluate(
        small_localizer(),
        IMAGES,
        FakeTruth(TRUTHS),
        methods=("cam", "aln"),
        protocol="choe2020",
        on_score_map=writer.add,
    )
    writer.close()
    direct = {(row.method, row.metric): row.value for row in rows if row.metric in FIGURES}
    for method in ("cam", "aln", "max_box", "center_box"):
        of_boxes = evaluate_score_maps(tmp_path / "maps" / method, tmp_path / "split")
        masks = tmp_path / "split" / "masks"
        of_masks = evaluate_score_maps(tmp_path / "maps" / method, masks, masks=masks)
        again = {(row.method, row.metric): row.value for row in [*of_boxes, *of_masks]}
        assert again == {key: pytest.approx(direct[key]) for key in again}
        assert {metric for _, metric in again} == set(FIGURES)


def test_the_split_is_told_as_it_is(tmp_path: Path) -> None:
    writer = WsolWriter(None, tmp_path)
    image = photograph(40, 60)
    truth = Truth(np.array([[1, 2, 30, 39], [2.6, 3, 9, 9]], np.float32))
    for _ in range(2):  # by two methods
        writer.add("cam", Photograph("a b/ü.jpg", image, 2), truth, np.zeros((40, 60), np.float32))
    writer.close()
    told = read_metadata(tmp_path)
    assert told.labels == {"a b/ü.jpg": 2}
    assert told.sizes == {"a b/ü.jpg": (60, 40)}
    assert told.boxes == {"a b/ü.jpg": ((1, 2, 30, 39), (3, 3, 9, 9))}
    assert not (tmp_path / "masks").exists()


def test_every_mask_has_one_of_what_to_ignore(tmp_path: Path) -> None:
    """The reference evaluator opens the file that stands there, and stops at a name that is empty."""
    writer = WsolWriter(None, tmp_path)
    mask = np.zeros((40, 60), np.bool_)
    mask[3:9, 5:20] = True
    boxes, flat = np.array([[5, 3, 20, 9]], np.float32), np.zeros((40, 60), np.float32)
    for name, ignore in (("1.jpg", None), ("2.jpg", ~mask)):
        writer.add("cam", Photograph(name, photograph(40, 60), 0), Truth(boxes, mask, ignore), flat)
    writer.close()
    for name, masks in read_metadata(tmp_path / "masks").masks.items():
        ignored = np.asarray(cv2.imread(str(tmp_path / "masks" / masks.ignore), cv2.IMREAD_GRAYSCALE)) > 0
        assert np.array_equal(ignored, ~mask if name == "2.jpg" else np.zeros_like(mask))


def test_maps_are_written_at_the_size_that_project_takes(tmp_path: Path) -> None:
    writer = WsolWriter(tmp_path, None)
    score_map = np.random.default_rng(0).random((40, 60)).astype(np.float32)
    truth = Truth(np.array([[1, 2, 30, 39]], np.float32))
    writer.add("cam", Photograph("x/y.png", photograph(40, 60), 0), truth, score_map)
    writer.close()
    written = np.load(tmp_path / "cam" / "x" / "y.png.npy")
    assert written.shape == (224, 224)
    assert written.dtype == np.float32


@pytest.mark.parametrize("name", ["1, front.png", "two\nlines.png"])
def test_names_that_the_layout_lacks_are_told_before_anything_is_measured(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match="this layout has no way to write"):
        WsolWriter(None, tmp_path, ["0.png", name])
    WsolWriter(tmp_path, None, [name])  # score maps go by any name


def test_an_unwritable_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    writer = WsolWriter(tmp_path / "file", None)
    with pytest.raises(DataError, match=r"a\.npy: can't be written"):
        writer.add("cam", Photograph("a", photograph(9, 9), 0), random_truth(0), np.zeros((9, 9), np.float32))
