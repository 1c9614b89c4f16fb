"""From trained networks to one ONNX graph: resize, normalisation, both networks, superpixel means.

images         uint8 (batch, height, width, 3)   RGB, any size
segments       int64 (batch, S, S)               superpixels of the images at S×S; may be left out, which
                                                 makes every pixel one of its own
classes        int64 (batch)                     what to localize in each; may be left out, or -1: the class
                                                 with the highest probability
probabilities  float32 (batch, C)                of the classes
scores         float32 (batch, S, S)             what the method `aln` gives, 0..1
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import onnx
import torch
from onnx import TensorProto, compose, helper, inliner
from onnxscript import optimizer
from torch import Tensor, nn

from aln.exported.metadata import Metadata
from aln.exported.resize import OPSET, front
from aln.methods.aln import LIKELIEST, answers
from aln.models.networks import Networks

BATCH, INNER = "batch", "networks."


class _Answers(nn.Module):
    """Pixels uint8 (B, S, S, 3), superpixels and classes to class probabilities and scores."""

    def __init__(self, networks: Networks) -> None:
        super().__init__()
        self.parts = nn.ModuleDict(networks.by_name())
        self.networks = networks

    def forward(self, pixels: Tensor, labels: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
        images = self.networks.preprocessing.normalise(pixels)
        return answers(self.networks, images, labels, labels.shape[1] * labels.shape[2], wanted)


def traced(networks: Networks) -> onnx.ModelProto:
    """The networks as ONNX: `pixels` uint8 (B, S, S, 3), `labels` int64 (B, S, S) of superpixels and `wanted`
    int64 (B,) classes to the two answers.

    Raises:
        ModelError: If the networks have no corruption net.
    """
    side = networks.preprocessing.input_size
    pixels = torch.zeros(2, side, side, 3, dtype=torch.uint8)
    labels = torch.arange(side * side).reshape(1, side, side).repeat(2, 1, 1)
    any_batch = {0: torch.export.Dim.DYNAMIC}
    with _quiet(), torch.no_grad():
        program = torch.onnx.export(
            _Answers(networks).eval(),
            (pixels, labels, torch.full((2,), LIKELIEST)),
            dynamo=True,
            verbose=False,
            opset_version=OPSET,
            input_names=["pixels", "labels", "wanted"],
            output_names=["probabilities", "scores"],
            dynamic_shapes={"pixels": any_batch, "labels": any_batch, "wanted": any_batch},
        )
    if program is None:
        raise RuntimeError("torch.onnx.export gave no program")
    return _without_traces(program.model_proto)


def assembled(networks: onnx.ModelProto, metadata: Metadata) -> onnx.ModelProto:
    """What `traced` gives with the resize before it, optional superpixels and metadata: the whole file."""
    first = head(metadata.input_size)
    first.ir_version = networks.ir_version
    joined = [(name, INNER + name) for name in ("pixels", "labels", "wanted")]
    model = compose.merge_models(first, compose.add_prefix(networks, INNER), io_map=joined)
    for output in model.graph.output:
        inner, output.name = output.name, output.name.removeprefix(INNER)
        model.graph.node.append(helper.make_node("Identity", [inner], [output.name]))
    outputs = (("probabilities", [len(metadata.class_names)]), ("scores", [metadata.input_size] * 2))
    del model.graph.output[:]
    model.graph.output.extend(
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [BATCH, *shape]) for name, shape in outputs
    )
    model.graph.initializer.extend([_each_its_own(metadata.input_size), _likeliest()])
    model.producer_name, model.producer_version = "aln", metadata.aln_version
    del model.opset_import[:]
    model.opset_import.append(helper.make_opsetid("", OPSET))
    helper.set_model_props(model, metadata.as_text())
    onnx.checker.check_model(model)
    return model


def head(side: int) -> onnx.ModelProto:
    """`aln.exported.resize.front` as a model, with types and shapes."""
    model: onnx.ModelProto = front.to_model_proto()  # type: ignore[no-untyped-call]
    graph = model.graph
    square: list[str | int] = [side, side]
    _declare(graph.input, "images", TensorProto.UINT8, [BATCH, "height", "width", 3])
    _declare(graph.input, "segments", TensorProto.INT64, ["batch or 1", *square])
    _declare(graph.input, "classes", TensorProto.INT64, ["batch or 1"])
    _declare(graph.output, "pixels", TensorProto.UINT8, [BATCH, *square, 3])
    _declare(graph.output, "labels", TensorProto.INT64, [BATCH, *square])
    _declare(graph.output, "wanted", TensorProto.INT64, [BATCH])
    return optimizer.optimize(inliner.inline_local_functions(model))


def _declare(values: Iterable[onnx.ValueInfoProto], name: str, kind: int, shape: Sequence[str | int]) -> None:
    (one,) = (value for value in values if value.name == name)
    one.CopyFrom(helper.make_tensor_value_info(name, kind, shape))


def _each_its_own(side: int) -> onnx.TensorProto:
    """What `segments` is where the caller gives none."""
    numbers = torch.arange(side * side).reshape(1, side, side).numpy()
    return onnx.numpy_helper.from_array(numbers, "segments")


def _likeliest() -> onnx.TensorProto:
    """What `classes` is where the caller gives none."""
    return onnx.numpy_helper.from_array(np.array([LIKELIEST]), "classes")


def _without_traces(model: onnx.ModelProto) -> onnx.ModelProto:
    """torch notes for each node from which line of which file on this machine it came."""
    graph = model.graph
    for part in (
        model,
        graph,
        *graph.node,
        *graph.input,
        *graph.output,
        *graph.value_info,
        *graph.initializer,
    ):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    return model


@contextmanager
def _quiet() -> Iterator[None]:
    """Without torch's own deprecation warnings, and its notes that torchvision is not there."""
    log = logging.getLogger("torch.onnx")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=FutureWarning, message=".*LeafSpec.*")
            yield
    finally:
        log.setLevel(level)
