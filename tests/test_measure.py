"""Measuring a run: where the centred box's side comes from, what is recorded, and what a sheet shows."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from aln.config import DataConfig
from aln.data.base import Split
from aln.describe import describe
from aln.errors import DataError
from aln.measure import evaluate_run, sheet_of
from aln.model_io import fingerprint, record_scores
from tests.small_model import CLASS_NAMES, photograph, small_localizer


@pytest.fixture
def run(tmp_path: Path) -> Path:
    small_localizer().save(tmp_path / "run")
    return tmp_path / "run"


@pytest.fixture
def annotated(tmp_path: Path) -> DataConfig:
    """Three classes of two photographs each, with a box for every one."""
    rows = ["image,x0,y0,x1,y1"]
    for name in CLASS_NAMES:
        (tmp_path / "photos" / name).mkdir(parents=True)
        for index in range(2):
            Image.fromarray(photograph(40, 50, index)).save(tmp_path / "photos" / name / f"{index}.png")
            rows.append(f"{name}/{index}.png,12,10,26,21")
    (tmp_path / "photos" / "boxes.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return DataConfig(path=str(tmp_path / "photos"))


def test_a_side_chosen_on_the_measured_images_says_so(run: Path, annotated: DataConfig) -> None:
    rows, failures = evaluate_run(run, annotated)
    assert not failures
    assert {row.rule for row in rows if row.method == "center_box" and row.metric == "metric_1"} == {
        "oracle side 0.30"
    }


def test_a_bad_photograph_is_reported_and_left_out(run: Path, annotated: DataConfig) -> None:
    bad = Path(annotated.path) / CLASS_NAMES[0] / "0.png"
    bad.write_bytes(b"")
    rows, failures = evaluate_run(run, annotated)
    assert {row.n_images for row in rows} == {5}
    assert list(failures) == [f"{CLASS_NAMES[0]}/0.png"]
    assert sheet_of(run, annotated).std() > 0


def test_without_boxes_there_is_nothing_to_measure(run: Path, annotated: DataConfig) -> None:
    (Path(annotated.path) / "boxes.csv").unlink()
    with pytest.raises(DataError, match=r"no boxes or masks.*boxes\.csv"):
        evaluate_run(run, annotated)
    assert sheet_of(run, annotated).std() > 0


def test_scores_are_replaced_by_what_they_measured(run: Path) -> None:
    weights = fingerprint(run)
    record_scores(run, [{"metric": "a", "value": 1}, {"metric": "b", "value": 2}], key=["metric"])
    record_scores(run, [{"metric": "a", "value": 3}], key=["metric"])
    assert describe(run)["scores"] == [{"metric": "a", "value": 3}, {"metric": "b", "value": 2}]
    assert fingerprint(run) == weights


@pytest.mark.parametrize(
    ("split", "max_images", "recorded"),
    [("test", 0, True), ("test", 5, False), ("train-fullsup", 0, False)],
    ids=["whole test split", "a sample", "another split"],
)
def test_only_the_whole_test_split_is_recorded(
    run: Path, annotated: DataConfig, split: Split, max_images: int, recorded: bool
) -> None:
    rows, _ = evaluate_run(run, annotated, split=split, max_images=max_images)
    assert rows
    assert bool(describe(run)["scores"]) == recorded
