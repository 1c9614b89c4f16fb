"""An exported model answers as its networks do, and files that are none are refused in words."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import helper

import aln
from aln.boxes import parse_rule
from aln.errors import ConfigError, ModelError
from aln.exported.engine import open_exported
from aln.exported.run import export_run
from aln.localizer import Localizer
from aln.methods.aln import LIKELIEST, answers
from tests.small_model import photograph

SIZES = [(32, 32), (1, 1), (7, 90), (120, 64), (33, 31), (300, 400), (64, 64)]
PHOTOGRAPHS = [photograph(*size, seed=i) for i, size in enumerate(SIZES)]


@pytest.mark.parametrize("count", [1, 2, len(PHOTOGRAPHS)], ids=lambda n: f"batch-of-{n}")
def test_localizes_like_the_run(tiny_run: Path, exported: Path, count: int) -> None:
    before, after = (aln.load(path).localize(PHOTOGRAPHS[:count]) for path in (tiny_run, exported))
    for one, two in zip(before, after, strict=True):
        assert np.allclose(one.score_map, two.score_map, rtol=0, atol=1e-4)
        assert np.allclose(one.probabilities, two.probabilities, rtol=0, atol=1e-5)
        assert np.array_equal(one.boxes, two.boxes)
        assert (one.label, one.class_names, one.method, one.rule) == (
            two.label,
            two.class_names,
            two.method,
            two.rule,
        )


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_graph_takes_photographs_as_they_are(exported: Path, size: tuple[int, int]) -> None:
    localizer, engine = aln.load(exported), open_exported(exported)
    batch = localizer.prepare([photograph(*size, seed=1), photograph(*size, seed=2)])
    segments = engine.segments(engine.preprocessing.denormalise(batch).numpy())
    whole = np.stack([photograph(*size, seed=1), photograph(*size, seed=2)])
    probabilities, scores = engine.run(whole, segments)
    assert np.allclose(probabilities, localizer.probabilities(batch), atol=1e-6)
    assert np.allclose(scores, localizer.raw_scores(batch, [0, 0], localizer.task("aln")), atol=1e-6)


def test_without_superpixels_each_pixel_is_its_own(tiny_run: Path, exported: Path) -> None:
    networks = aln.load(tiny_run).networks
    batch = aln.load(tiny_run).prepare(PHOTOGRAPHS[:3])
    each = torch.arange(32 * 32).reshape(1, 32, 32).expand(3, -1, -1)
    with torch.inference_mode():
        expected = answers(networks, batch, each, 32 * 32, torch.full((3,), LIKELIEST))
    pixels = networks.preprocessing.denormalise(batch).numpy()
    for ours, theirs in zip(open_exported(exported).run(pixels), expected, strict=True):
        assert np.allclose(ours, theirs.numpy(), atol=1e-5)


@pytest.fixture(scope="module")
def wavering(tiny_run: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A run that trusts its masks little, so that classes matter, and the same exported."""
    folder = tmp_path_factory.mktemp("wavering")
    run = aln.load(tiny_run)
    assert run.networks.corruption is not None
    run.networks.corruption.trust.fill_(0.3)
    run.save(folder)
    export_run(folder, folder / "model.onnx")
    return folder, folder / "model.onnx"


@pytest.mark.parametrize("label", [0, 1, 2])
def test_localizes_the_class_that_is_asked_for(wavering: tuple[Path, Path], label: int) -> None:
    labels = [label] * len(PHOTOGRAPHS)
    models = [aln.load(path) for path in wavering]
    before, after = (model.localize(PHOTOGRAPHS, labels=labels) for model in models)
    for one, two in zip(before, after, strict=True):
        assert np.allclose(one.score_map, two.score_map, rtol=0, atol=1e-4)
        assert np.array_equal(one.boxes, two.boxes)


def test_classes_may_be_named_for_some_or_once_for_all(wavering: tuple[Path, Path]) -> None:
    engine = open_exported(wavering[1])
    batch = aln.load(wavering[0]).prepare(PHOTOGRAPHS)
    pixels = engine.preprocessing.denormalise(batch).numpy()
    probabilities, likeliest = engine.run(pixels)
    first = probabilities.argmax(1)
    _, mixed = engine.run(pixels, None, np.where(np.arange(len(pixels)) % 2, first, LIKELIEST))
    assert np.allclose(mixed, likeliest, atol=1e-6)
    _, each = engine.run(pixels, None, np.full(len(pixels), 1))
    _, once = engine.run(pixels, None, np.array([1]))
    assert np.array_equal(each, once)


def test_one_pass_answers_both_questions(exported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine, calls = open_exported(exported), 0
    run = engine.run

    def counted(*given: Any) -> Any:
        nonlocal calls
        calls += 1
        return run(*given)

    monkeypatch.setattr(engine, "run", counted)
    assert all(found.mask.any() for found in Localizer.of_exported(engine).localize(PHOTOGRAPHS[:2]))
    assert calls == 1


def test_the_file_says_what_other_programs_need(tiny_run: Path, exported: Path) -> None:
    about = {p.key: p.value for p in onnx.load(exported).metadata_props}
    run = aln.load(tiny_run)
    assert json.loads(about["class_names"]) == list(run.class_names)
    assert parse_rule(about["rule"]).text == run.config.localize.rule
    assert int(about["input_size"]) == run.networks.preprocessing.input_size
    assert json.loads(about["mean"]) == list(run.networks.preprocessing.mean)
    assert json.loads(about["superpixels"])["algorithm"] == "slic"
    assert (about["boxes"], about["method"], about["precision"]) == ("largest", "aln", "float32")
    assert about["aln_version"] == aln.__version__
    assert json.loads((tiny_run / "model.json").read_text())["weights_sha256"] == about["weights_sha256"]
    assert str(Path(aln.__file__).parent).encode() not in exported.read_bytes(), "no path of this machine"


def test_methods_that_look_at_no_network_are_there_and_others_say_where(exported: Path) -> None:
    model = aln.load(exported)
    (centred,) = model.localize([PHOTOGRAPHS[0]], method="center_box", side=0.5)
    assert centred.boxes.tolist() == [[8, 8, 24, 24]]
    for call in (
        lambda: model.localize([PHOTOGRAPHS[0]], method="cam"),
        lambda: model.save("elsewhere"),
    ):
        with pytest.raises(ModelError, match=r"folder of (the|its) run"):
            call()


def test_devices_other_than_the_processor_are_refused(exported: Path) -> None:
    assert aln.load(exported, "auto").engine.device.type == "cpu"
    with pytest.raises(ConfigError, match="runs on the CPU, not on 'cuda'"):
        aln.load(exported, "cuda")


def _changed(content: bytes, **values: str) -> bytes:
    model = onnx.load_from_string(content)
    about = {p.key: p.value for p in model.metadata_props} | values
    helper.set_model_props(model, about)
    changed: bytes = model.SerializeToString()
    return changed


def _foreign(_: bytes) -> bytes:
    value = helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])
    other = helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1])
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "g", [value], [other])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    changed: bytes = model.SerializeToString()
    return changed


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        pytest.param(lambda _: b"", "truncated, damaged or no ONNX model", id="empty"),
        pytest.param(lambda _: b"no model at all", "truncated, damaged or no ONNX model", id="text"),
        pytest.param(lambda c: c[: len(c) // 2], "truncated, damaged or no ONNX model", id="half"),
        pytest.param(_foreign, "aln export didn't make", id="foreign"),
        pytest.param(lambda c: _changed(c, aln_format="99"), "install a newer aln", id="newer"),
        pytest.param(lambda c: _changed(c, aln_format="x"), "metadata is damaged", id="no-format"),
        pytest.param(lambda c: _changed(c, class_names='["one"]'), "don't fit", id="classes"),
        pytest.param(lambda c: _changed(c, input_size="64"), "don't fit", id="size"),
        pytest.param(lambda c: _changed(c, config="{"), "metadata is damaged", id="config"),
        pytest.param(lambda c: _changed(c, mean="[1]"), "metadata is damaged", id="mean"),
    ],
)
def test_files_that_are_none_name_the_way_out(
    exported: Path, tmp_path: Path, damage: Callable[[bytes], bytes], message: str
) -> None:
    path = tmp_path / "birds.onnx"
    path.write_bytes(damage(exported.read_bytes()))
    with pytest.raises(ModelError, match=re.escape(message)) as caught:
        aln.load(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"nowhere\.onnx: can't be read .* aln export"):
        aln.load(tmp_path / "nowhere.onnx")


def test_without_onnxruntime(exported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ModelError, match=r"needs onnxruntime; pip install 'aln\[onnx\]'"):
        aln.load(exported)
