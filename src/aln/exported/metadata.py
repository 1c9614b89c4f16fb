"""What an exported model says about itself in the ONNX file's metadata: texts, JSON unless a string."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, ValidationError

from aln.config import Config, SuperpixelConfig
from aln.errors import ModelError

FORMAT = 2
"""Goes up when an older `aln` could no longer run the file, or this one no older file."""

METHOD = "aln"
"""The method whose scores the file gives."""

TEXTS = {"aln_version", "method", "rule", "boxes", "precision", "weights_sha256"}
"""What is kept as it is; all else is JSON."""

Colour = tuple[float, float, float]


class Metadata(BaseModel):
    """Everything that a program needs beside the graph.

    Attributes:
        aln_format: `FORMAT` of the `aln` that wrote it.
        aln_version: Its version.
        class_names: Names of the C classes, in order.
        input_size: Side S of the networks' square input in pixels.
        mean: Mean of each channel R, G, B that the graph subtracts, 0..1.
        std: Standard deviation of each channel that it divides by.
        method: The method that `scores` comes from.
        rule: Threshold rule.
        boxes: "largest" or "all" components.
        min_area: Smallest component of "all", as a fraction of the photograph.
        superpixels: How `segments` are to be made.
        precision: Arithmetic of the networks.
        weights_sha256: Checksum of the weights that were exported, as `model.json` has it.
        config: All settings of the run; `rule`, `boxes`, `min_area` and `superpixels` repeat
            some for other programs.
        provenance: How the model came to be.
    """

    aln_format: int = FORMAT
    aln_version: str
    class_names: Annotated[tuple[str, ...], Field(min_length=1)]
    input_size: int
    mean: Colour
    std: Colour
    method: str = METHOD
    rule: str
    boxes: Literal["largest", "all"]
    min_area: float
    superpixels: SuperpixelConfig
    precision: Literal["float32", "int8"] = "float32"
    weights_sha256: str
    config: Config
    provenance: dict[str, Any]

    def as_text(self) -> dict[str, str]:
        """As ONNX keeps it: text by text."""
        tree = self.model_dump(mode="json", exclude_none=True)
        return {
            key: v if isinstance(v, str) else json.dumps(v, ensure_ascii=False) for key, v in tree.items()
        }


def read_metadata(text: Mapping[str, str], path: Path) -> Metadata:
    """The metadata of the ONNX file `path`.

    Raises:
        ModelError: If the file was not made by `aln export`, by a newer one, or its metadata is damaged.
    """
    if "aln_format" not in text:
        raise ModelError(
            f"{path}: is an ONNX model that aln export didn't make; make one with aln export RUN {path.name}"
        )
    try:
        if (found := int(text["aln_format"])) > FORMAT:
            raise ModelError(
                f"{path}: has format {found}, this aln reads up to {FORMAT}; install a newer aln"
            )
        if found < FORMAT:
            raise ModelError(f"{path}: was made by an older aln; make it again with aln export")
        fields = Metadata.model_fields.keys() & text.keys()
        tree = {key: text[key] if key in TEXTS else json.loads(text[key]) for key in fields}
        return Metadata.model_validate(tree)
    except (ValidationError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise ModelError(
            f"{path}: its metadata is damaged ({reason}); make it again with aln export"
        ) from error
