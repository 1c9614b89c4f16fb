"""`aln evaluate`: by boxes and masks, and under the protocol of clovaai/wsolevaluation."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aln.errors import ModelError
from aln.evaluation.wsol_metadata import Metadata, write_metadata
from tests.cli.calls import SHAPES, Call


@pytest.fixture
def maps(tmp_path: Path) -> Path:
    """Two score maps, one of them right, and their metadata beside them."""
    corners = {"a.jpg": (56, 56, 168, 168), "b.jpg": (0, 0, 20, 20)}
    write_metadata(
        tmp_path / "split",
        Metadata(
            {"a.jpg": 0, "b.jpg": 1},
            dict.fromkeys(corners, (224, 224)),
            {i: (c,) for i, c in corners.items()},
        ),
    )
    (tmp_path / "maps").mkdir()
    for image_id in corners:
        score_map = np.zeros((224, 224), np.float32)
        score_map[56:168, 56:168] = 1
        np.save(tmp_path / "maps" / f"{image_id}.npy", score_map)
    return tmp_path


def test_score_maps_need_no_model(aln: Call, maps: Path) -> None:
    told = ("--score-maps", maps / "maps", "--metadata", maps / "split", "--out", maps / "rows.json")
    outcome = aln("evaluate", *told)
    assert outcome.code == 0
    assert "protocol choe2020" in outcome.out
    rows = {row["metric"]: row for row in json.loads((maps / "rows.json").read_text(encoding="utf-8"))}
    assert set(rows) == {"max_box_acc", "max_box_acc_v2"}
    assert {row["value"] for row in rows.values()} == {50.0}


def test_the_step_between_thresholds_is_taken(aln: Call, maps: Path) -> None:
    """Steps of .001 have a threshold that cuts off the frame around the object, steps of .5 have none."""
    for image_id in ("a.jpg", "b.jpg"):
        score_map = np.full((224, 224), 0.6, np.float32)
        score_map[56:168, 56:168] = 1
        np.save(maps / "maps" / f"{image_id}.npy", score_map)
    told = ("--score-maps", maps / "maps", "--metadata", maps / "split", "--out", maps / "rows.json")
    values = {}
    for step in ((), ("--threshold-step", 0.001), ("--threshold-step", 0.5)):
        assert aln("evaluate", *told, "--protocol", "choe2020", *step).code == 0
        rows = {row["metric"]: row["value"] for row in _rows(maps / "rows.json")}
        values[step] = rows["max_box_acc"]
    assert list(values.values()) == [50, 50, 0]


@pytest.mark.parametrize(
    ("arguments", "fragment"),
    [
        pytest.param([], "aln evaluate RUN DATA", id="nothing"),
        pytest.param(["run"], "aln evaluate RUN DATA", id="no-data"),
        pytest.param(["--score-maps", "{maps}/maps"], "--metadata", id="no-metadata"),
        pytest.param(
            ["--score-maps", "{maps}/split", "--metadata", "{maps}/split"],
            "a.jpg.npy: can't be read",
            id="no-map",
        ),
        pytest.param(["--score-maps", "{maps}", "--metadata", "{maps}"], "image_ids.txt", id="no-split"),
        pytest.param(
            ["--score-maps", "{maps}/maps", "--metadata", "{maps}/split", "--protocol", "exact"],
            "measured under choe2020: leave out --protocol exact",
            id="another-protocol",
        ),
        pytest.param(
            ["--score-maps", "{maps}/maps", "--metadata", "{maps}/split", "--threshold-step", "0"],
            "threshold step 0 must be above 0 and at most 1",
            id="no-step",
        ),
        pytest.param(
            ["run", "data", "--threshold-step", "0.01"], "--threshold-step is for --score-maps", id="no-maps"
        ),
        pytest.param(["run", "data", "--metadata", "split"], "--metadata is for --score-maps", id="a-split"),
        pytest.param(
            ["run", "data", "--score-maps", "{maps}/maps", "--metadata", "{maps}/split"],
            "leave out run",
            id="maps-and-model",
        ),
        pytest.param(
            ["--score-maps", "{maps}/maps", "--threshold-step", "0.01"], "--metadata", id="a-step-alone"
        ),
    ],
)
def test_what_is_missing_is_named(aln: Call, maps: Path, arguments: list[str], fragment: str) -> None:
    outcome = aln("evaluate", *(argument.format(maps=maps) for argument in arguments))
    assert outcome.code == 2
    assert fragment in outcome.err


def test_a_model_is_measured_under_the_protocol(aln: Call, run: Path, tmp_path: Path) -> None:
    told = ("evaluate", run, *SHAPES, "--max-images", 8, "--methods", "cam")
    assert aln(*told, "--protocol", "choe2020", "--out", tmp_path / "rows.json").code == 0
    rows = json.loads((tmp_path / "rows.json").read_text(encoding="utf-8"))
    assert {row["protocol"] for row in rows} == {"choe2020"}
    assert {"max_box_acc", "max_box_acc_v2", "px_ap", "metric_1"} <= {row["metric"] for row in rows}
    refused = aln(*told, "--protocol", "choe2002")
    assert refused.code == 2
    assert "did you mean 'choe2020'" in refused.err


def test_evaluate_records_scores_that_info_shows(aln: Call, run: Path, tmp_path: Path) -> None:
    rows = tmp_path / "scores" / "rows.json"
    told = ("--methods", "aln,cam", "--rules", "paper,otsu", "--out", rows)
    outcome = aln("evaluate", run, *SHAPES, *told)
    assert outcome.code == 0
    measured = json.loads(rows.read_text())
    assert {row["method"] for row in measured} == {"aln", "cam", "max_box", "center_box", "classifier"}
    assert json.loads(aln("info", run, "--json").out)["scores"] == measured
    assert aln("evaluate", run, *SHAPES, *told).code == 0
    assert len(json.loads(aln("info", run, "--json").out)["scores"]) == len(measured)
    assert "center_box" in aln("info", run).out


def test_what_was_measured_comes_before_the_model_is_written_to(
    aln: Call, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model folder that can't be written costs a warning, no figure."""
    rows = tmp_path / "rows.json"
    written = []

    def refuse(*_: object, **__: object) -> None:
        written.append(rows.exists())
        raise ModelError(f"{run}: scores can't be written there (Read-only file system)")

    monkeypatch.setattr("aln.measure.record_scores", refuse)
    outcome = aln("evaluate", run, *SHAPES, "--methods", "cam", "--out", rows)
    assert outcome.code == 0
    assert written == [True]
    assert "center_box" in outcome.out
    assert f"warning: {run / 'model.json'} does not keep these scores" in outcome.err
    assert aln("evaluate", run, *SHAPES, "--methods", "cam", "--max-images", 8).code == 0
    assert len(written) == 1, "a sample is never kept"


def test_help_says_where_scores_are_kept(aln: Call) -> None:
    assert "kept in the model's folder" in " ".join(aln("evaluate", "--help").out.split())


def test_what_was_measured_is_written_for_other_tools(aln: Call, tiny_run: Path, tmp_path: Path) -> None:
    run = shutil.copytree(tiny_run, tmp_path / "run")
    told = (run, *SHAPES, "--max-images", 8, "--methods", "cam", "--protocol", "choe2020")
    where = ("--write-score-maps", tmp_path / "maps", "--write-metadata", tmp_path / "split")
    assert aln("evaluate", *told, *where, "--out", tmp_path / "direct.json").code == 0
    direct = {
        row["metric"]: row["value"] for row in _rows(tmp_path / "direct.json") if row["method"] == "cam"
    }
    masks = tmp_path / "split" / "masks"
    for split in (("--metadata", tmp_path / "split"), ("--metadata", masks, "--masks", masks)):
        again = tmp_path / "again.json"
        assert aln("evaluate", "--score-maps", tmp_path / "maps" / "cam", *split, "--out", again).code == 0
        for row in _rows(again):
            assert row["value"] == pytest.approx(direct[row["metric"]])


def _rows(path: Path) -> list[dict[str, Any]]:
    return list(json.loads(path.read_text(encoding="utf-8")))
