"""`aln export`: from the folder of a run to one checked ONNX file."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from aln.data.images import resize_to_input
from aln.errors import ConfigError, ModelError
from aln.exported.check import Agreement, require_agreement
from aln.exported.engine import INSTALL, ExportedEngine, engine_of
from aln.exported.loss import Loss, loss_of
from aln.exported.metadata import METHOD, Metadata
from aln.exported.photographs import some_photographs
from aln.files import write_atomic
from aln.localizer import Localizer
from aln.model_io import fingerprint
from aln.output import require_writable

if TYPE_CHECKING:
    import onnx

CHECKED, CALIBRATED = 64, 128
"""At most so many photographs are compared, and looked at for the ranges of int8."""


@dataclass(frozen=True)
class Report:
    """How the file compares with its run."""

    agreement: Agreement
    loss: Loss | None

    def lines(self) -> Iterator[str]:
        """In words, one line each."""
        found = self.agreement
        yield (
            f"float32: on {found.images} photographs score maps differ by {found.score_map:.0e} at most, "
            "all boxes are equal"
        )
        if (loss := self.loss) is None:
            return
        near = loss.agreement
        yield (
            f"int8: {near.equal_boxes} of {near.images} photographs have the same boxes as in float32, "
            f"their mean IoU is {near.iou:.3f}"
        )
        if loss.metric_1 is not None:
            before, after = loss.metric_1
            yield (
                f"int8: Metric 1 is {after:.1f} %, {after - before:+.1f} against float32's {before:.1f} %, "
                f"on {loss.images} test photographs of the run's data"
            )


def export_run(
    run: Path,
    path: Path,
    *,
    check: Sequence[Path] = (),
    int8: bool = False,
    calibrate: Sequence[Path] = (),
) -> Report:
    """Export the model in `run` to the ONNX file `path`, after a check on photographs.

    Args:
        run: Model folder.
        path: File to write, ending in .onnx; what is there is replaced once the new file has passed.
        check: Photographs and folders to compare on; by default the test images of the run's data.
        int8: Write the networks in 8-bit integers. What that changes is reported, not judged.
        calibrate: Photographs and folders that int8 takes its ranges from; by default the training images of
            the run's data.

    Raises:
        ModelError: If the folder holds no model with a corruption net, the extra `onnx` is not installed, or
            the exported model differs from its networks; `path` is left as it was.
        ConfigError: For a file name that doesn't end in .onnx, or `calibrate` without `int8`.
        DataError: If there are no photographs to check on, or `path` can't be written.
    """
    if path.suffix.lower() != ".onnx":
        raise ConfigError(f"{path}: an exported model's name ends in .onnx")
    if calibrate and not int8:
        raise ConfigError("--calibrate takes ranges for --int8: give both, or neither")
    _require_extra()
    localizer = Localizer.load(run)
    localizer.task(METHOD)
    require_writable(path)
    photographs = some_photographs(check, localizer.config.data, "test", CHECKED, "--check")

    from aln.exported.graph import assembled, traced  # noqa: PLC0415 needs the extra

    networks, metadata = traced(localizer.networks), _metadata(localizer, fingerprint(run))
    content = assembled(networks, metadata).SerializeToString()
    engine = engine_of(content, path)
    found = require_agreement(localizer, engine, photographs)
    loss = None
    if int8:
        content = _in_int8(networks, engine, calibrate)
        loss = loss_of(Localizer.of_exported(engine), engine_of(content, path), photographs)
    write_atomic(path, content)
    return Report(found, loss)


def _metadata(localizer: Localizer, weights_sha256: str) -> Metadata:
    config = localizer.config
    config = config.model_copy(update={"localize": config.localize.model_copy(update={"method": METHOD})})
    preprocessing = localizer.engine.preprocessing
    return Metadata(
        aln_version=version("aln"),
        class_names=localizer.class_names,
        input_size=preprocessing.input_size,
        mean=preprocessing.mean,
        std=preprocessing.std,
        rule=config.localize.rule,
        boxes=config.localize.boxes,
        min_area=config.localize.min_area,
        superpixels=localizer.engine.superpixels,
        weights_sha256=weights_sha256,
        config=config,
        provenance=dict(localizer.provenance),
    )


def _in_int8(networks: onnx.ModelProto, engine: ExportedEngine, calibrate: Sequence[Path]) -> bytes:
    from aln.exported.graph import assembled  # noqa: PLC0415 needs the extra
    from aln.exported.quantise import quantised  # noqa: PLC0415 needs the extra

    about = engine.metadata
    photographs = some_photographs(calibrate, about.config.data, "train-weaksup", CALIBRATED, "--calibrate")
    pixels = np.stack([resize_to_input(image, about.input_size) for _, image in photographs])
    small = quantised(networks, pixels, engine.segments(pixels))
    content: bytes = assembled(small, about.model_copy(update={"precision": "int8"})).SerializeToString()
    return content


def _require_extra() -> None:
    for name in ("onnx", "onnxscript", "onnxruntime"):
        try:
            importlib.import_module(name)
        except ImportError as error:
            raise ModelError(f"exporting needs {name}; {INSTALL}") from error
