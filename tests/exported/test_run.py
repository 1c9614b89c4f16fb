"""A file is written only when it agrees with its run; int8 says what it costs."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import pytest

import aln
from aln.errors import AlnError, ConfigError, DataError, ModelError
from aln.exported import run as exporting
from aln.exported.check import agreement, require_agreement
from aln.exported.engine import ExportedEngine, open_exported
from aln.exported.run import export_run
from tests.small_model import photograph, small_localizer

PHOTOGRAPHS = [(f"{seed}.png", photograph(60 + 9 * seed, 80, seed)) for seed in range(4)]


class Off(ExportedEngine):
    """An engine whose scores or class probabilities are off where `resized` or everywhere."""

    kind = "scores"

    def run(self, images: Any, segments: Any = None, classes: Any = None) -> Any:
        probabilities, scores = super().run(images, segments, classes)
        if self.kind == "scores":
            scores = scores + np.linspace(0, 1e-2, scores.shape[-1], dtype=np.float32)
        elif self.kind == "probabilities":
            probabilities = probabilities + np.float32(1e-3)
        elif self.kind == "told" and classes is not None:
            scores = scores + np.linspace(0, 1e-2, scores.shape[-1], dtype=np.float32)
        elif self.kind == "resize" and images.shape[1:3] != (32, 32):
            scores = scores + np.float32(1e-3)
        elif self.kind == "nan" and images.shape[1:3] != (32, 32):
            scores = scores * np.float32("nan")
        elif self.kind == "infinite":
            scores = scores * np.float32("inf")
        return probabilities, scores


def test_agreement_of_a_file_with_its_run(tiny_run: Path, exported: Path) -> None:
    found = require_agreement(aln.load(tiny_run), open_exported(exported), PHOTOGRAPHS)
    assert (found.images, found.equal_boxes, found.iou) == (4, 4, 1.0)
    assert max(found.score_map, found.probabilities) < 1e-4


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("scores", "score maps by up to"),
        ("probabilities", "class probabilities by up to 1.0e-03"),
        ("told", "score maps of a class that is asked for by up to"),
        ("resize", "the file resizes itself by up to 1.0e-03"),
        ("nan", "the file resizes itself by up to nan"),
        ("infinite", "not finite"),
    ],
    ids=lambda value: value.split()[0],
)
def test_a_file_that_disagrees_is_not_written(
    tiny_run: Path,
    exported: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    kind: str,
    message: str,
) -> None:
    def off(_: bytes, path: Path) -> ExportedEngine:
        good = open_exported(exported)
        engine = Off(path, good.metadata, good.session)
        engine.kind = kind
        return engine

    monkeypatch.setattr("aln.exported.graph.traced", lambda _: onnx.ModelProto())
    monkeypatch.setattr("aln.exported.graph.assembled", lambda *_: onnx.ModelProto())
    monkeypatch.setattr(exporting, "engine_of", off)
    path = tmp_path / "model.onnx"
    path.write_bytes(b"what was there")
    with pytest.raises(ModelError, match=message) as caught:
        export_run(tiny_run, path)
    assert str(path) in str(caught.value)
    assert path.read_bytes() == b"what was there"
    assert list(tmp_path.iterdir()) == [path], "nothing is left beside it"


def test_two_models_do_not_agree() -> None:
    found = agreement(small_localizer(0), small_localizer(1), PHOTOGRAPHS)
    assert found.score_map > 0.1
    assert found.worst in dict(PHOTOGRAPHS)
    assert 0 <= found.iou <= 1


def test_int8_reports_what_it_costs(tiny_run: Path, tmp_path: Path) -> None:
    for name, image in PHOTOGRAPHS:
        cv2.imwrite(str(tmp_path / name), image)
    path = tmp_path / "small.onnx"
    report = export_run(tiny_run, path, check=[tmp_path], int8=True, calibrate=[tmp_path])
    text = "\n".join(report.lines())
    assert "on 4 photographs score maps differ by" in text
    assert "int8: Metric 1 is" in text
    assert report.loss is not None
    assert report.loss.metric_1 is not None
    assert all(0 <= value <= 100 for value in report.loss.metric_1)
    model = onnx.load(path)
    assert "QuantizeLinear" in {node.op_type for node in model.graph.node}
    assert {p.key: p.value for p in model.metadata_props}["precision"] == "int8"
    (found,) = aln.load(path).localize([PHOTOGRAPHS[0][1]])
    assert found.probabilities.sum() == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize(
    ("name", "settings", "error", "message"),
    [
        pytest.param("model.pt", {}, ConfigError, "ends in .onnx", id="suffix"),
        pytest.param("m.onnx", {"calibrate": [Path("x")]}, ConfigError, "--int8", id="calibrate-alone"),
        pytest.param("m.onnx", {"check": [Path("nowhere")]}, DataError, "nowhere", id="no-photographs"),
        pytest.param("", {}, ConfigError, "ends in .onnx", id="folder"),
    ],
)
def test_mistakes_are_told_at_once(
    tiny_run: Path,
    tmp_path: Path,
    *,
    name: str,
    settings: dict[str, Any],
    error: type[AlnError],
    message: str,
) -> None:
    with pytest.raises(error, match=message):
        export_run(tiny_run, tmp_path / name, **settings)
    assert not list(tmp_path.iterdir())


def test_data_that_moved_away(tmp_path: Path) -> None:
    small_localizer().save(tmp_path / "run")
    config = tmp_path / "run" / "config.toml"
    config.write_text(config.read_text().replace('path = ""', 'path = "moved/away"'))
    with pytest.raises(DataError, match=r"moved/away.*--check names other photographs"):
        export_run(tmp_path / "run", tmp_path / "m.onnx")


def test_a_classifier_alone_can_not_be_exported(tmp_path: Path) -> None:
    small_localizer(corruption=False).save(tmp_path / "run")
    with pytest.raises(ModelError, match="needs a corruption net"):
        export_run(tmp_path / "run", tmp_path / "m.onnx")


@pytest.mark.parametrize("missing", ["onnx", "onnxscript", "onnxruntime"])
def test_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ModelError, match=rf"needs {missing}; pip install 'aln\[onnx\]'"):
        export_run(tmp_path, tmp_path / "m.onnx")


def test_the_models_own_method_gives_way(exported: Path) -> None:
    about = {p.key: p.value for p in onnx.load(exported).metadata_props}
    assert json.loads(about["config"])["localize"]["method"] == about["method"] == "aln"
