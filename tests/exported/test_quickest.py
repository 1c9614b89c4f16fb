"""`aln localize RUN` takes the file in the run's folder only where it says the same."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import onnx
import pytest
from onnx import helper

import aln
from aln.exported.engine import ExportedEngine
from aln.exported.quickest import load_quickest


@pytest.fixture
def run(tiny_run: Path, exported: Path, tmp_path: Path) -> Path:
    """A run with its exported model in the folder."""
    folder = Path(shutil.copytree(tiny_run, tmp_path / "run"))
    shutil.copy(exported, folder / "model.onnx")
    return folder


def test_the_file_in_the_folder_is_used(run: Path) -> None:
    localizer = load_quickest(run, "cpu")
    assert isinstance(localizer.engine, ExportedEngine)
    assert localizer.config == aln.load(run).config
    assert isinstance(load_quickest(run / "model.onnx", "auto").engine, ExportedEngine)


def _set(path: Path, **values: str) -> None:
    model = onnx.load(path)
    helper.set_model_props(model, {p.key: p.value for p in model.metadata_props} | values)
    onnx.save(model, path)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda path: path.unlink(), id="no-file"),
        pytest.param(lambda path: path.write_bytes(b"damaged"), id="damaged"),
        pytest.param(lambda path: _set(path, weights_sha256="0" * 64), id="other-weights"),
        pytest.param(lambda path: _set(path, precision="int8"), id="int8"),
    ],
)
def test_otherwise_the_networks_are(run: Path, change: Callable[[Path], None]) -> None:
    change(run / "model.onnx")
    assert load_quickest(run, "cpu").networks is not None


def test_other_methods_need_the_networks(run: Path) -> None:
    assert load_quickest(run, "cpu", "cam").networks is not None


def test_without_onnxruntime_the_networks_do(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert load_quickest(run, "cpu").networks is not None
