"""Measuring a run: the centred box's side, what is said, and what is recorded."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from PIL import Image
from rich.console import Console

from aln.config import DataConfig
from aln.data import open_images
from aln.data.base import Split
from aln.describe import describe
from aln.errors import DataError
from aln.measure import centred_side, evaluate_run, truth_apart
from aln.model_io import MANIFEST, fingerprint, record_scores
from tests.small_model import CLASS_NAMES, photograph, small_localizer


@pytest.fixture
def run(tmp_path: Path) -> Path:
    small_localizer().save(tmp_path / "run")
    return tmp_path / "run"


@pytest.fixture
def annotated(tmp_path: Path) -> DataConfig:
    """Three classes of two photographs each, with a box for every one."""
    return DataConfig(path=str(_annotate(tmp_path / "photos")))


def _annotate(folder: Path, seed: int = 0, first: int = 0) -> Path:
    """Photographs made from `seed` on, called after `first` and the following number, with boxes."""
    rows = ["image,x0,y0,x1,y1"]
    for label, name in enumerate(CLASS_NAMES):
        (folder / name).mkdir(parents=True)
        for index in range(2):
            pixels = photograph(40, 50, seed + 2 * label + index)
            Image.fromarray(pixels).save(folder / name / f"{first + index}.png")
            rows.append(f"{name}/{first + index}.png,12,10,26,21")
    (folder / "boxes.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


def test_a_side_chosen_on_the_measured_images_says_so(run: Path, annotated: DataConfig) -> None:
    rows, failures = evaluate_run(str(run), annotated)
    assert not failures
    assert {row.rule for row in rows if row.method == "center_box" and row.metric == "metric_1"} == {
        "oracle side 0.30"
    }


@pytest.mark.parametrize(
    ("seed", "first", "apart"),
    [(100, 0, True), (0, 7, False), (4, 0, True)],
    ids=["other content, same names", "same content, other names", "some of them shared"],
)
def test_splits_are_told_apart_by_content(
    annotated: DataConfig, tmp_path: Path, seed: int, first: int, apart: bool
) -> None:
    _annotate(tmp_path / "held", seed, first)
    data = annotated.model_copy(update={"options": {"fullsup": "held"}})
    side = centred_side(data, open_images(data, "test"))
    assert side == (0.3 if apart else None)


def test_no_threshold_is_chosen_on_measured_photographs(annotated: DataConfig, tmp_path: Path) -> None:
    _annotate(tmp_path / "held", seed=4)
    data = annotated.model_copy(update={"options": {"fullsup": "held"}})
    apart = truth_apart(data, open_images(data, "test"))
    assert apart is not None
    assert len(apart) == 4
    assert not any(f"{CLASS_NAMES[0]}/{name}.png" in apart for name in "01")


def test_generated_splits_are_apart() -> None:
    data = DataConfig(path="shapes", options={"count": 40})
    assert centred_side(data, open_images(data, "test")) is not None
    assert centred_side(data, open_images(data, "train-fullsup")) is None


def _said(run: Path, data: DataConfig) -> str:
    console = Console(file=StringIO(), width=200)
    assert evaluate_run(run, data, console=console)[0]
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_photographs_that_were_trained_on_are_noticed(
    run: Path, annotated: DataConfig, tmp_path: Path
) -> None:
    """Also in a copy; and nothing is said of others, nor of a model that doesn't tell its photographs."""
    note = "trained on these very photographs"
    assert note not in _said(run, annotated)
    manifest = json.loads((run / MANIFEST).read_text(encoding="utf-8"))
    trained = open_images(annotated, "train-weaksup").fingerprint()
    manifest["provenance"]["data_fingerprint"] = trained
    (run / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    assert _said(run, annotated).count(note) == 1
    assert note in _said(run, DataConfig(path=str(_annotate(tmp_path / "copy"))))
    assert note not in _said(run, DataConfig(path=str(_annotate(tmp_path / "others", seed=100))))


def test_scores_that_cannot_be_kept_are_no_error(
    run: Path, annotated: DataConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("aln.model_io.write_atomic", refuse)
    said = " ".join(_said(run, annotated).split())
    assert f"warning: {run / MANIFEST} does not keep these scores: " in said
    assert "(Read-only file system)" in said


def test_empty_annotations_are_told_from_none(run: Path, annotated: DataConfig) -> None:
    (Path(annotated.path) / "boxes.csv").write_text("image,x0,y0,x1,y1\n", encoding="utf-8")
    with pytest.raises(DataError, match="none of its photographs has a box or mask that is not empty"):
        evaluate_run(run, annotated)


def test_a_bad_photograph_is_reported_and_left_out(run: Path, annotated: DataConfig) -> None:
    bad = Path(annotated.path) / CLASS_NAMES[0] / "0.png"
    bad.write_bytes(b"")
    rows, failures = evaluate_run(run, annotated)
    assert {row.n_images for row in rows} == {5}
    assert list(failures) == [f"{CLASS_NAMES[0]}/0.png"]


def test_a_mask_of_another_size_is_reported_and_left_out(run: Path, annotated: DataConfig) -> None:
    photos = Path(annotated.path)
    (photos / "masks" / CLASS_NAMES[0]).mkdir(parents=True)
    Image.new("L", (50, 41), 255).save(photos / "masks" / CLASS_NAMES[0] / "1.png")
    rows, failures = evaluate_run(run, annotated)
    assert {row.n_images for row in rows} == {5}
    assert "save it in that size" in failures[f"{CLASS_NAMES[0]}/1.png"]


def test_without_boxes_there_is_nothing_to_measure(run: Path, annotated: DataConfig) -> None:
    (Path(annotated.path) / "boxes.csv").unlink()
    with pytest.raises(DataError, match=r"no boxes or masks.*boxes\.csv"):
        evaluate_run(run, annotated)


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
