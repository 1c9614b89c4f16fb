"""Which engine `aln localize` runs a model with: onnxruntime is faster on the CPU, where it has a file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from aln.errors import ModelError
from aln.exported.engine import open_exported
from aln.exported.metadata import METHOD
from aln.localizer import Localizer
from aln.model_io import fingerprint
from aln.models.device import choose_device

BESIDE = "model.onnx"
"""Where in the folder of a run its exported model is looked for."""


def load_quickest(run: Path, device: str, method: str | None = None) -> Localizer:
    """A model for results that are the same to rounding, as fast as this machine gives them.

    That is `RUN/model.onnx` where it was exported in float32 from the very weights in the folder, works on
    the CPU, and `method` is its own; otherwise the networks in torch. Nothing is exported here: tracing takes
    about ten seconds, and onnxruntime saves a millisecond or two a photograph.

    Args:
        run: Model folder, or an exported model.
        device: As torch names it, or auto.
        method: What will be asked for; by default the model's own.

    Raises:
        ModelError, ConfigError: As `Localizer.load`.
    """
    localizer = Localizer.load(run, device)
    path = run / BESIDE
    if not path.is_file() or (method or localizer.config.localize.method) != METHOD:
        return localizer
    if choose_device(device).type != "cpu":
        return localizer
    try:
        engine = open_exported(path)
    except ModelError:  # damaged, or onnxruntime is not installed: the networks are as good
        return localizer
    about = engine.metadata
    made_of = (about.weights_sha256, about.precision, engine.superpixels)
    same = made_of == (fingerprint(run), "float32", localizer.engine.superpixels)
    return replace(localizer, engine=engine) if same else localizer
