from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from aln.errors import ConfigError, DataError
from aln.evaluation import choe2020
from aln.evaluation.score_maps import evaluate_score_maps
from aln.evaluation.wsol_metadata import Masks, Metadata, write_metadata

IDS = ("a/0.jpg", "a/1.jpg", "b/2.jpg")
CORNERS = {"a/0.jpg": (10, 10, 60, 50), "a/1.jpg": (0, 20, 99, 79), "b/2.jpg": (30, 5, 40, 70)}
BOXES = Metadata(dict.fromkeys(IDS, 0), dict.fromkeys(IDS, (100, 80)), {i: (CORNERS[i],) for i in IDS})


def smooth(seed: int) -> NDArray[np.float64]:
    random = np.random.default_rng(seed)
    return np.asarray(cv2.resize(random.random((6, 6)), (224, 224), interpolation=cv2.INTER_LINEAR))


@pytest.fixture
def split(tmp_path: Path) -> Path:
    """Metadata with boxes, and a folder of maps beside it."""
    write_metadata(tmp_path / "test", BOXES)
    for seed, image_id in enumerate(IDS):
        file = tmp_path / "my maps" / f"{image_id}.npy"
        file.parent.mkdir(parents=True, exist_ok=True)
        np.save(file, smooth(seed))
    return tmp_path


def test_figures_are_those_of_the_best_threshold(split: Path) -> None:
    rows = {row.metric: row for row in evaluate_score_maps(split / "my maps", split / "test", step=0.01)}
    at = choe2020.thresholds(0.01)
    curves = [
        choe2020.curves(smooth(seed), [choe2020.resized_box(CORNERS[image_id], 100, 80)], at)
        for seed, image_id in enumerate(IDS)
    ]
    best = np.stack([curve.best for curve in curves])
    v2 = [
        max(100 * sum(best[:, t] >= np.float32(level)) / 3 for t in range(100)) for level in (0.3, 0.5, 0.7)
    ]
    assert rows["max_box_acc_v2"].value == pytest.approx(sum(v2) / 3)
    largest = np.stack([curve.largest for curve in curves])
    assert rows["max_box_acc"].value == max(100 * sum(largest[:, t] >= 0.5) / 3 for t in range(100))
    row = rows["max_box_acc"]
    assert (row.dataset, row.method, row.protocol) == ("test", "my maps", "choe2020")
    assert (row.rule, row.n_images, row.preset) == ("best threshold", 3, "none")
    assert row.ci_low <= row.value <= row.ci_high


@pytest.mark.parametrize("pixel", [np.float32, np.float64, np.float16])
def test_the_box_itself_as_a_map_is_always_right(split: Path, pixel: type[np.floating]) -> None:
    for image_id in IDS:
        x0, y0, x1, y1 = choe2020.resized_box(CORNERS[image_id], 100, 80)
        score_map = np.zeros((224, 224), pixel)
        score_map[y0:y1, x0:x1] = 1
        np.save(split / "my maps" / f"{image_id}.npy", score_map)
    assert {row.value for row in evaluate_score_maps(split / "my maps", split / "test")} == {100.0}


def test_maps_of_another_size_and_without_the_suffix_are_taken(split: Path) -> None:
    for image_id in IDS:
        (split / "my maps" / f"{image_id}.npy").unlink()
        x0, y0, x1, y1 = CORNERS[image_id]
        score_map = np.zeros((80, 100), np.uint8)
        score_map[y0:y1, x0:x1] = 1
        np.save((split / "my maps" / image_id).with_suffix(".npy"), score_map)
    rows = {row.metric: row.value for row in evaluate_score_maps(split / "my maps", split / "test")}
    assert rows["max_box_acc"] == 100


def test_masks_give_px_ap(split: Path) -> None:
    random = np.random.default_rng(0)
    masks = {image_id: Masks((f"{n}_0.png", f"{n}_1.png"), f"{n}_i.png") for n, image_id in enumerate(IDS)}
    drawn = {file: random.random((80, 100)) < 0.3 for m in masks.values() for file in (*m.objects, m.ignore)}
    for file, mask in drawn.items():
        cv2.imwrite(str(split / file), mask.astype(np.uint8) * 255)
    write_metadata(split / "masked", Metadata(dict.fromkeys(IDS, 0), {}, masks=masks))
    with pytest.raises(ConfigError, match="--masks"):
        evaluate_score_maps(split / "my maps", split / "masked")
    done: list[tuple[int, int]] = []
    rows = evaluate_score_maps(
        split / "my maps", split / "masked", masks=split, progress=lambda *at: done.append(at)
    )
    assert done == [(1, 3), (2, 3), (3, 3)]
    expected = []
    for seed, m in enumerate(masks.values()):
        mask = choe2020.mask_at_side(drawn[m.objects[0]] | drawn[m.objects[1]])
        ignore = choe2020.mask_at_side(drawn[m.ignore])
        expected.append(choe2020.histogram(smooth(seed), mask, ignore, choe2020.thresholds()))
    assert [row.metric for row in rows] == ["px_ap"]
    assert rows[0].value == choe2020.px_ap(np.stack(expected))
    (split / "0_0.png").write_bytes(b"")
    with pytest.raises(DataError, match=r"0_0\.png"):
        evaluate_score_maps(split / "my maps", split / "masked", masks=split)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        pytest.param(np.full((224, 224), 1.1), "stretch", id="above-one"),
        pytest.param(np.full((224, 224), -0.1), "stretch", id="below-zero"),
        pytest.param(np.full((224, 224), np.nan), "stretch", id="nan"),
        pytest.param(np.zeros((1, 224, 224)), r"\(height, width\)", id="three-axes"),
        pytest.param(np.zeros((0, 5)), r"\(height, width\)", id="empty"),
        pytest.param(np.full((2, 2), "a"), "holds numbers", id="text"),
        pytest.param(np.full((2, 2), None), "no NumPy array", id="objects"),
    ],
)
def test_bad_maps_are_named(split: Path, made: NDArray[np.generic], message: str) -> None:
    np.save(split / "my maps" / "a" / "1.jpg.npy", made)
    with pytest.raises(DataError, match=r"1\.jpg\.npy: .*" + message):
        evaluate_score_maps(split / "my maps", split / "test")


def test_a_missing_or_broken_map_is_named(split: Path) -> None:
    file = split / "my maps" / "a" / "1.jpg.npy"
    file.write_bytes(b"not numpy")
    with pytest.raises(DataError, match=r"1\.jpg\.npy: is no NumPy array"):
        evaluate_score_maps(split / "my maps", split / "test")
    file.unlink()
    with pytest.raises(DataError, match=r"1\.jpg\.npy: can't be read"):
        evaluate_score_maps(split / "my maps", split / "test")


@pytest.mark.parametrize("step", [0.0, -0.1, 1.001, float("inf"), float("nan")])
def test_a_step_out_of_range_is_refused(split: Path, step: float) -> None:
    with pytest.raises(ConfigError, match="step"):
        evaluate_score_maps(split / "my maps", split / "test", step=step)


def test_a_step_of_one_leaves_the_threshold_zero(split: Path) -> None:
    at = np.zeros(1)
    boxes = [choe2020.resized_box(CORNERS[image_id], 100, 80) for image_id in IDS]
    hits = [choe2020.curves(smooth(n), [box], at).largest[0] >= 0.5 for n, box in enumerate(boxes)]
    rows = {row.metric: row for row in evaluate_score_maps(split / "my maps", split / "test", step=1)}
    assert rows["max_box_acc"].value == 100 * sum(hits) / 3
