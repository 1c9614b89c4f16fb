from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from aln.boxes import FloatArray, iou
from aln.data.base import Truth
from aln.errors import AlnError, ConfigError, DataError, ModelError
from aln.evaluation.evaluate import evaluate, score
from aln.evaluation.rows import Row
from aln.evaluation.session import Session
from tests.evaluation.fakes import FakeImages, FakeTruth, box
from tests.small_model import CLASS_NAMES, SIZE, photograph, small_localizer

SIZES = [(SIZE, SIZE), (40, 60), (70, 30), (SIZE, SIZE), (50, 50), (SIZE, SIZE), (90, 90)]
LABELS = [0, 1, 2, 0, 1, 2, 0]
PHOTOGRAPHS = [photograph(*size, seed=i) for i, size in enumerate(SIZES)]
IMAGES = FakeImages(PHOTOGRAPHS, LABELS, CLASS_NAMES)


def centred_truth(height: int, width: int, side: float) -> Truth:
    y, x = (1 - side) / 2 * height, (1 - side) / 2 * width
    mask = np.zeros((height, width), np.bool_)
    mask[round(y) : round(height - y), round(x) : round(width - x)] = True
    return Truth(np.array([[x, y, width - x, height - y]], np.float32), mask)


# the last image has no annotation; every other one is small
TRUTHS = {str(i): centred_truth(*SIZES[i], (0.6, 0.8)[i % 2]) for i in range(6)}
TRUTH = FakeTruth(TRUTHS)


def values(rows: list[Row]) -> dict[tuple[str, str, str], Row]:
    found = {(row.method, row.rule, row.metric): row for row in rows}
    assert len(found) == len(rows)
    return found


def measured(**settings: Any) -> dict[tuple[str, str, str], Row]:
    return values(evaluate(small_localizer(), IMAGES, TRUTH, **settings))


def test_rows_have_exactly_these_fields() -> None:
    names = " ".join(field.name for field in dataclasses.fields(Row))
    expected = "dataset method preset seed rule protocol metric value ci_low ci_high n_images ms_per_image"
    assert names == expected


def test_every_row_is_sound() -> None:
    for row in measured(methods=("aln", "cam"), rules=("paper", "otsu"), dataset="D").values():
        assert (row.dataset, row.preset, row.seed, row.protocol) == ("D", "default", 7, "exact")
        assert 0 <= row.ci_low <= row.value + 1e-9
        assert row.value <= row.ci_high + 1e-9
        assert row.ci_high <= 100 + 1e-9
        assert row.n_images == (3 if row.metric.endswith("_small") else 6)
        assert row.ms_per_image > 0


@pytest.mark.parametrize(("count", "batch"), [(3, 3), (5, 3), (6, 3), (8, 3)])
def test_memory_is_that_of_a_whole_batch(count: int, batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def grown(work: Callable[[], FloatArray], _: str) -> tuple[FloatArray, float]:
        raw = work()
        return raw, float(len(raw))

    monkeypatch.setattr("aln.evaluation.session.peak_growth", grown)
    images = FakeImages([photograph(SIZE, SIZE, seed=i) for i in range(count)], [0] * count, CLASS_NAMES)
    truth = FakeTruth({str(i): box(4, 4, 20, 20) for i in range(count)})
    session = score(small_localizer(), images, truth, {"cam": {"otsu": "otsu"}}, memory=True)
    assert session.contenders[0].peak_memory == batch


def test_the_table_is_complete() -> None:
    found = measured(methods=("aln", "cam"), rules=("paper", "otsu"), side=0.8)
    ruled = {"metric_1", "metric_2", "mask_iou"}
    free = {
        "max_box_acc": "best threshold",
        "max_box_acc_v2": "best threshold",
        "px_ap": "all thresholds",
        "pointing": "maximum",
    }
    contenders = {
        "aln": ("paper", "otsu"),
        "cam": ("paper", "otsu"),
        "max_box": ("whole image",),
        "center_box": ("side 0.80",),
    }
    expected = {(m, rule, metric) for m, rules in contenders.items() for rule in rules for metric in ruled}
    expected |= {(m, rule, metric) for m in contenders for metric, rule in free.items()}
    expected |= {("classifier", "none", "classification_accuracy")}
    expected |= {(m, rule, f"{metric}_small") for m, rule, metric in expected}
    assert set(found) == expected


def test_a_trivial_method_that_is_asked_for_comes_once() -> None:
    rows = measured(methods=("max_box", "center_box", "cam", "cam"), side=0.5)
    assert {key[0] for key in rows} == {"cam", "max_box", "center_box", "classifier"}


def test_trivial_rows_are_what_boxes_say() -> None:
    found = measured(methods=(), side=0.8)
    boxes = [TRUTHS[str(i)].boxes / np.array(SIZES[i] * 2)[[1, 0, 1, 0]] for i in range(6)]
    for method, rule, edge in (("max_box", "whole image", 0.0), ("center_box", "side 0.80", 0.1)):
        guess = np.array([[edge, edge, 1 - edge, 1 - edge]], np.float32)
        hits = [iou(guess, b.astype(np.float32)).max() >= 0.5 for b in boxes]
        assert found[method, rule, "metric_1"].value == pytest.approx(100 * np.mean(hits))
        assert found[method, rule, "metric_1_small"].value == pytest.approx(100 * np.mean(hits[::2]))


def test_the_side_is_marked_where_the_measured_images_chose_it() -> None:
    assert {key[1] for key in measured() if key[0] == "center_box"} >= {"oracle side 0.60"}


def test_figures_agree_with_localizing_one_image_after_the_other() -> None:
    localizer = small_localizer()
    results = list(localizer.localize(PHOTOGRAPHS[:6], labels=LABELS[:6], method="cam", rule="otsu"))
    hits = [float(iou(f.boxes, TRUTHS[str(i)].boxes).max() >= 0.5) for i, f in enumerate(results)]
    right = [float(f.predicted_label == label) for f, label in zip(results, LABELS[:6], strict=True)]
    overlaps = [
        (f.mask & t.mask).sum() / (f.mask | t.mask).sum()
        for f, t in zip(results, TRUTHS.values(), strict=True)
        if t.mask is not None
    ]
    found = measured(methods=("cam",), rules=("otsu",))
    assert found["cam", "otsu", "metric_1"].value == pytest.approx(100 * np.mean(hits))
    assert found["cam", "otsu", "metric_2"].value == pytest.approx(100 * np.mean(np.multiply(hits, right)))
    assert found["cam", "otsu", "mask_iou"].value == pytest.approx(100 * np.mean(overlaps), abs=0.5)
    assert found["classifier", "none", "classification_accuracy"].value == pytest.approx(100 * np.mean(right))


def test_classes_are_matched_by_name() -> None:
    order = [2, 0, 1]
    names = [CLASS_NAMES[i] for i in order]
    shuffled = FakeImages(PHOTOGRAPHS, [order.index(label) for label in LABELS], names)
    expected, found = measured(), values(evaluate(small_localizer(), shuffled, TRUTH))
    assert {key: row.value for key, row in found.items()} == {key: row.value for key, row in expected.items()}


def test_a_class_that_the_model_lacks() -> None:
    images = FakeImages(PHOTOGRAPHS, LABELS, ["ant", "bee", "cat"])
    with pytest.raises(ModelError, match="doesn't know the class 'cat'"):
        evaluate(small_localizer(), images, TRUTH)


def test_bad_images_are_skipped_and_reported() -> None:
    images = FakeImages([None, *PHOTOGRAPHS[1:]], LABELS, CLASS_NAMES)
    wrong_mask = dataclasses.replace(TRUTHS["1"], mask=np.ones((60, 40), np.bool_))
    truth = FakeTruth({**TRUTHS, "1": wrong_mask})
    told: dict[str, Exception] = {}
    rows = evaluate(small_localizer(), images, truth, side=0.5, on_error=told.__setitem__)
    assert {row.n_images for row in rows if not row.metric.endswith("_small")} == {4}
    assert "broken" in str(told["0"])
    assert "1: its mask has 40x60 pixels, the image 60x40" in str(told["1"])
    with pytest.raises(DataError, match="broken"):
        evaluate(small_localizer(), images, truth, side=0.5)


def test_images_without_small_objects_have_no_rows_for_them() -> None:
    rows = evaluate(small_localizer(), IMAGES, FakeTruth({"0": box(0, 0, SIZE, SIZE)}))
    assert not any(row.metric.endswith("_small") for row in rows)


@pytest.mark.parametrize(("most", "count"), [(0, 6), (2, 2), (99, 6)])
def test_at_most_so_many_images(most: int, count: int) -> None:
    done: list[int] = []
    rows = measured(max_images=most, progress=done.append)
    assert rows["max_box", "whole image", "metric_1"].n_images == count == sum(done)


def test_a_second_run_gives_the_same_figures() -> None:
    first, second = measured(), measured()
    for key, row in first.items():
        assert dataclasses.replace(row, ms_per_image=0) == dataclasses.replace(second[key], ms_per_image=0)


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        pytest.param({"methods": ("calm",)}, ConfigError, "did you mean 'cam'", id="method"),
        pytest.param({"rules": ("papers",)}, ConfigError, "did you mean 'paper'", id="rule"),
        pytest.param({"protocol": "exakt"}, ConfigError, "did you mean 'exact'", id="protocol"),
    ],
)
def test_bad_settings(settings: dict[str, Any], error: type[AlnError], message: str) -> None:
    with pytest.raises(error, match=message):
        measured(**settings)


def test_nothing_to_score() -> None:
    broken = FakeImages([None], [0], CLASS_NAMES)
    with pytest.raises(DataError, match="no image could be scored"):
        evaluate(small_localizer(), broken, TRUTH, side=0.5, on_error=lambda name, error: None)


def test_each_image_is_classified_once(monkeypatch: pytest.MonkeyPatch) -> None:
    added: list[int] = []
    add = Session.add

    def counted(session: Session, batch: Any, truths: Any) -> None:
        added.append(len(batch))
        add(session, batch, truths)

    monkeypatch.setattr(Session, "add", counted)
    measured(methods=("aln", "cam"), side=0.5)
    assert added == [3, 3]
