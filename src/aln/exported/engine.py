"""Running an exported model with onnxruntime, on the CPU."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from aln.boxes import FloatArray
from aln.config import SuperpixelConfig
from aln.engine import Task
from aln.errors import ConfigError, ModelError
from aln.exported.metadata import METHOD, Metadata, read_metadata
from aln.methods import Method
from aln.models.preprocessing import Preprocessing
from aln.superpixels import segment

BLIND = ("max_box", "center_box")
"""Methods that look at no network."""

INSTALL = "pip install 'aln[onnx]'"
INPUTS, OUTPUTS = ("images", "segments", "classes"), ("probabilities", "scores")

Answers = tuple[FloatArray, FloatArray]
"""Class probabilities (B, C) and raw scores (B, S, S)."""

_Pass = tuple[Tensor, NDArray[np.uint8], NDArray[np.int64], Answers]
"""A batch, its pixels and superpixels, and the answers for its likeliest classes."""


@dataclass(eq=False)
class ExportedEngine:
    """An open ONNX model. It gives the method `aln` and those that look at no network.

    Attributes:
        path: Its file, for messages.
        metadata: What it says about itself.
        session: onnxruntime's session.
    """

    path: Path
    metadata: Metadata
    session: Any
    _last: _Pass | None = field(default=None, repr=False)

    @property
    def preprocessing(self) -> Preprocessing:
        return Preprocessing(self.metadata.input_size, self.metadata.mean, self.metadata.std)

    @property
    def superpixels(self) -> SuperpixelConfig:
        return self.metadata.config.superpixels

    @property
    def device(self) -> torch.device:
        return torch.device("cpu")

    def require(self, method: Method) -> None:
        if method.name not in (METHOD, *BLIND):
            raise ModelError(
                f"{self.path}: an exported model has method {METHOD!r} alone, not {method.name!r}; "
                "name the folder of the run that it was exported from"
            )

    def probabilities(self, images: Tensor) -> Tensor:
        return torch.from_numpy(self._answers(images)[0])

    def scores(self, task: Task, images: Tensor, labels: Tensor) -> Tensor:
        if task.method.name == METHOD:
            return torch.from_numpy(self._answers(images, labels.numpy())[1])
        return task.method.function(None, images, labels, **task.options)

    def run(
        self,
        images: NDArray[np.uint8],
        segments: NDArray[np.int64] | None = None,
        classes: NDArray[np.int64] | None = None,
    ) -> Answers:
        """The graph's answers: for RGB uint8 (B, H, W, 3) of any size, superpixels int64 (B, S, S), and the
        classes to localize, int64 (B,), by default the likeliest."""
        inputs = dict(zip(INPUTS, (images, segments, classes), strict=True))
        given = {name: value for name, value in inputs.items() if value is not None}
        probabilities, scores = self.session.run(OUTPUTS, given)
        return probabilities, scores

    def segments(self, pixels: NDArray[np.uint8]) -> NDArray[np.int64]:
        """Superpixels int64 (B, S, S) of photographs at the networks' size, uint8 (B, S, S, 3)."""
        return np.stack([segment(image, self.superpixels) for image in pixels]).astype(np.int64)

    def _answers(self, images: Tensor, classes: NDArray[np.int64] | None = None) -> Answers:
        """One pass of the graph gives both answers, so the last batch's are kept for the second question.

        They are for the likeliest classes; where `classes` are others, the graph is asked again.
        """
        if (last := self._last) is None or last[0] is not images:
            pixels = self.preprocessing.denormalise(images).numpy()
            segments = self.segments(pixels)
            last = self._last = (images, pixels, segments, self.run(pixels, segments))
        _, pixels, segments, answers = last
        if classes is None or np.array_equal(classes, answers[0].argmax(1)):
            return answers
        return self.run(pixels, segments, classes)


def open_exported(path: Path, device: str = "cpu") -> ExportedEngine:
    """Open an exported model. Nothing in the file is run but the operators of ONNX.

    Raises:
        ModelError: If the file is missing, damaged, or was not made by `aln export`, or onnxruntime is not
            installed; names the file and the way out.
        ConfigError: For a device other than the CPU.
    """
    if device not in ("auto", "cpu"):
        raise ConfigError(f"{path}: an exported model runs on the CPU, not on {device!r}; drop the device")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: can't be read ({error.strerror}); make it with aln export") from error
    return engine_of(data, path)


def engine_of(data: bytes, path: Path) -> ExportedEngine:
    """The same, from the file's content."""
    session = _session(data, path)
    metadata = read_metadata(session.get_modelmeta().custom_metadata_map, path)
    shapes = {one.name: one.shape for one in [*session.get_inputs(), *session.get_outputs()]}
    shapes |= {one.name: one.shape for one in session.get_overridable_initializers()}
    side = metadata.input_size
    fits = set(shapes) == {*INPUTS, *OUTPUTS} and shapes["scores"][1:] == [side, side]
    if not fits or shapes["probabilities"][1:] != [len(metadata.class_names)]:
        raise ModelError(f"{path}: its graph and its metadata don't fit; make it again with aln export")
    return ExportedEngine(path, metadata, session)


def _session(data: bytes, path: Path) -> Any:
    try:
        import onnxruntime  # noqa: PLC0415 an extra, and slow to import
    except ImportError as error:
        raise ModelError(f"{path}: an exported model needs onnxruntime; {INSTALL}") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 4  # what goes wrong is raised
    try:
        return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors have no common base
        reason = str(error).strip().splitlines()[0]
        raise ModelError(
            f"{path}: is truncated, damaged or no ONNX model ({reason}); make it again with aln export"
        ) from error
