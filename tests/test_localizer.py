from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from PIL import Image as PillowImage

import aln
from aln.boxes import boxes_from_mask
from aln.errors import ConfigError, DataError, ModelError
from aln.localizer import Localizer
from aln.methods import METHODS
from aln.sources import Image, Source
from tests.small_model import CLASS_NAMES, SIZE, photograph, small_localizer

SIZES = [(SIZE, SIZE), (1, 1), (7, 90), (120, 64), (33, 31), (400, 500), (SIZE, SIZE)]
PHOTOGRAPHS = [photograph(*size, seed=i) for i, size in enumerate(SIZES)]


@pytest.mark.parametrize("method", list(METHODS))
def test_every_method_localizes_any_size(method: str) -> None:
    for found, image in zip(small_localizer().localize(PHOTOGRAPHS, method=method), PHOTOGRAPHS, strict=True):
        assert found.score_map.shape == image.shape[:2]
        assert found.mask.any()
        assert len(found.boxes) == 1
        assert found.method == method
        assert found.class_names == CLASS_NAMES
        assert found.label == found.predicted_label
        assert found.probabilities.sum() == pytest.approx(1, abs=1e-5)


def test_files_arrays_and_named_arrays_are_the_same(tmp_path: Path) -> None:
    path = tmp_path / "ein Bild é.png"
    cv2.imwrite(str(path), PHOTOGRAPHS[3][..., ::-1])
    pillow = PillowImage.fromarray(PHOTOGRAPHS[3])
    sources: list[Source] = [
        path,
        str(path),
        PHOTOGRAPHS[3],
        ("mine", PHOTOGRAPHS[3]),
        pillow,
        ("its", pillow),
    ]
    results = list(small_localizer().localize(sources))
    named = [path.as_posix(), path.as_posix(), "image-2", "mine", "image-4", "its"]
    assert [found.image_id for found in results] == named
    assert all(np.allclose(found.score_map, results[0].score_map, atol=1e-3) for found in results)


def test_batches_make_no_difference() -> None:
    localizer = small_localizer()
    together = list(localizer.localize(PHOTOGRAPHS))
    for found, image in zip(together, PHOTOGRAPHS, strict=True):
        (alone,) = localizer.localize([image])
        assert np.allclose(alone.probabilities, found.probabilities, atol=1e-5)
        assert np.allclose(alone.score_map, found.score_map, atol=1e-3)


def test_results_stream() -> None:
    taken: list[int] = []

    def endless() -> Iterator[Image]:
        for index in itertools.count():
            taken.append(index)
            yield PHOTOGRAPHS[0]

    next(small_localizer().localize(endless()))
    assert len(taken) == small_localizer().config.localize.batch_size


def test_the_callers_torch_modes_are_left_alone() -> None:
    for _ in small_localizer().localize(PHOTOGRAPHS):
        assert torch.is_grad_enabled()
        assert not torch.is_inference_mode_enabled()


def test_labels_choose_the_class() -> None:
    results = list(small_localizer().localize([PHOTOGRAPHS[0]] * 3, labels=[0, 1, 2], method="cam"))
    assert [found.label for found in results] == [0, 1, 2]
    assert [found.class_name for found in results] == list(CLASS_NAMES)
    assert not np.array_equal(results[0].score_map, results[1].score_map)


def test_classes_may_be_named() -> None:
    photographs = [PHOTOGRAPHS[0]] * 3
    named = small_localizer().localize(photographs, labels=CLASS_NAMES, method="cam")
    each: list[int | str] = [0, CLASS_NAMES[1], 2]
    mixed = small_localizer().localize(photographs, labels=iter(each), method="cam")
    for one, two in zip(named, mixed, strict=True):
        assert one.label == two.label
        assert np.array_equal(one.score_map, two.score_map)


def test_rule_boxes_and_options_are_used() -> None:
    localizer = small_localizer()
    (everything,) = localizer.localize([PHOTOGRAPHS[3]], rule="fixed:0")
    assert everything.mask.all()
    assert everything.rule == "fixed:0"
    (several,) = localizer.localize([PHOTOGRAPHS[5]], method="cam", rule="percentile:60", boxes="all")
    expected = boxes_from_mask(several.mask, several.score_map, "all", localizer.config.localize.min_area)
    assert np.array_equal(several.boxes, expected[0])
    (centred,) = localizer.localize([PHOTOGRAPHS[0]], method="center_box", side=0.5)
    assert centred.boxes.tolist() == [[8, 8, 24, 24]]


def test_one_bad_photograph_does_not_end_the_run(tmp_path: Path) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no image")
    told: dict[str, Exception] = {}
    found = list(
        small_localizer().localize(
            [PHOTOGRAPHS[0], bad, PHOTOGRAPHS[1]], on_error=told.__setitem__, labels=[0, 1, 2]
        )
    )
    assert [localization.label for localization in found] == [0, 2]
    assert list(told) == [bad.as_posix()]
    with pytest.raises(DataError, match=r"bad\.jpg"):
        list(small_localizer().localize([bad]))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        pytest.param({"method": "calm"}, "did you mean 'cam'", id="method"),
        pytest.param({"rule": "fixed:2"}, "out of range", id="rule"),
        pytest.param({"side": 0.5}, "method 'aln' has no option 'side'; it has none", id="option"),
        pytest.param({"method": "center_box", "sides": 0.5}, "it has: side", id="misspelt-option"),
        pytest.param({"boxes": "foo"}, "boxes 'foo': write 'largest'", id="boxes"),
        pytest.param({"labels": [1, 2, 0]}, "3 labels for 1 photographs", id="too-many-labels"),
        pytest.param({"labels": ["no such"]}, "no class 'no such'", id="no-such-class"),
        pytest.param({"labels": CLASS_NAMES[0]}, "labels wants a list", id="one-label"),
    ],
)
def test_bad_settings_are_refused_before_the_first_photograph(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        small_localizer().localize([Path("never read")], **settings)


@pytest.mark.parametrize("label", [-1, 3])
def test_a_label_that_the_model_lacks(label: int) -> None:
    with pytest.raises(ConfigError, match=f"no class {label}: the model has 3"):
        list(small_localizer().localize([PHOTOGRAPHS[0]], labels=[label]))


def test_a_classifier_alone_has_cam_but_not_aln() -> None:
    localizer = small_localizer(corruption=False)
    assert list(localizer.localize([PHOTOGRAPHS[0]], method="cam"))
    with pytest.raises(ModelError, match="needs a corruption net"):
        localizer.localize([PHOTOGRAPHS[0]], method="aln")


@pytest.mark.parametrize(
    "one", ["photo.jpg", Path("photo.jpg"), PHOTOGRAPHS[0]], ids=["str", "Path", "pixels"]
)
def test_one_photograph_in_place_of_a_list(one: Any) -> None:
    with pytest.raises(ConfigError, match="wants a list of photographs"):
        small_localizer().localize(one)


@pytest.mark.parametrize("device", ["abacus", "cuda:99"])
def test_a_device_that_is_not_there(tmp_path: Path, device: str) -> None:
    small_localizer().save(tmp_path)
    with pytest.raises(ConfigError, match=f"device '{device}' can't be used here"):
        aln.load(tmp_path, device)


def test_no_photographs_give_no_results() -> None:
    assert list(small_localizer().localize([])) == []


def test_a_saved_model_localizes_the_same(tmp_path: Path) -> None:
    localizer = small_localizer()
    localizer.save(tmp_path)
    loaded = aln.load(tmp_path)
    assert isinstance(loaded, Localizer)
    assert loaded.config == localizer.config
    assert loaded.provenance["data"] == {"name": "none"}
    for a, b in zip(localizer.localize(PHOTOGRAPHS), loaded.localize(PHOTOGRAPHS), strict=True):
        assert np.allclose(a.score_map, b.score_map, atol=1e-3)
        assert np.allclose(a.probabilities, b.probabilities, atol=1e-5)


def test_importing_aln_does_not_import_torch() -> None:
    code = "import sys, aln; aln.__version__, aln.Localization, dir(aln); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_unknown_names_are_attribute_errors() -> None:
    with pytest.raises(AttributeError, match="no attribute 'laod'"):
        aln.laod  # noqa: B018
