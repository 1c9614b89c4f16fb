"""`aln evaluate` under the protocol of clovaai/wsolevaluation, with a model and with score maps alone."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from aln.cli import main
from aln.evaluation.wsol_metadata import Metadata, write_metadata


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


def evaluate(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["aln", "evaluate", *map(str, arguments)])
    try:
        main()
    except SystemExit as leaving:
        return int(leaving.code or 0)
    return 0


def test_score_maps_need_no_model(
    maps: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = ("--score-maps", maps / "maps", "--metadata", maps / "split", "--out", maps / "rows.json")
    assert evaluate(monkeypatch, *told) == 0
    assert "protocol choe2020" in capsys.readouterr().out
    rows = {row["metric"]: row for row in json.loads((maps / "rows.json").read_text(encoding="utf-8"))}
    assert set(rows) == {"max_box_acc", "max_box_acc_v2"}
    assert {row["value"] for row in rows.values()} == {50.0}


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
    ],
)
def test_what_is_missing_is_named(
    maps: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    fragment: str,
) -> None:
    assert evaluate(monkeypatch, *(argument.format(maps=maps) for argument in arguments)) == 2
    assert fragment in capsys.readouterr().err


def test_a_model_is_measured_under_the_protocol(
    tiny_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = shutil.copytree(tiny_run, tmp_path / "run")
    told = (run, "shapes", "--set", "data.options.count=64", "--max-images", 8, "--methods", "cam")
    assert evaluate(monkeypatch, *told, "--protocol", "choe2020", "--out", tmp_path / "rows.json") == 0
    rows = json.loads((tmp_path / "rows.json").read_text(encoding="utf-8"))
    assert {row["protocol"] for row in rows} == {"choe2020"}
    assert {"max_box_acc", "max_box_acc_v2", "px_ap", "metric_1"} <= {row["metric"] for row in rows}
    capsys.readouterr()
    assert evaluate(monkeypatch, *told, "--protocol", "choe2002") == 2
    assert "did you mean 'choe2020'" in capsys.readouterr().err
