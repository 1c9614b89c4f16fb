"""What `aln info` tells of an exported model: the same as of its run, but for what the file can't know."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from rich.console import Console

from aln.describe import describe, print_description
from aln.exported.metadata import FORMAT
from aln.model_io import fingerprint
from tests.exported.conftest import exported  # noqa: F401 the fixture


def test_an_exported_model_is_described_like_its_run(tiny_run: Path, exported: Path) -> None:  # noqa: F811
    run, file = describe(tiny_run), describe(exported)
    for key in ("classes", "provenance", "scores"):
        assert file[key] == run[key]
    for section in ("model", "superpixels", "training", "localize"):
        assert file["config"][section] == run["config"][section]
    assert file["exported"] == {
        "aln_format": FORMAT,
        "aln_version": version("aln"),
        "method": "aln",
        "rule": run["config"]["localize"]["rule"],
        "boxes": run["config"]["localize"]["boxes"],
        "precision": "float32",
        "weights_sha256": fingerprint(tiny_run),
    }


def test_an_exported_model_is_told_to_people(exported: Path) -> None:  # noqa: F811
    console = Console(width=200)
    description = describe(exported)
    with console.capture() as told:
        print_description(description, console)
    text = told.get()
    for part in (
        *description["classes"],
        "32×32 pixels",
        "exported.precision",
        description["exported"]["weights_sha256"],
        f"rule={description['exported']['rule']}",
        "no scores",
    ):
        assert part in text
