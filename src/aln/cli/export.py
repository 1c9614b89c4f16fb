"""`aln export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aln.cli.app import app, console
from aln.cli.options import Run


@app.command()
def export(
    run: Run,
    path: Annotated[Path, typer.Argument(help="File to write, e.g. model.onnx.", show_default=False)],
    *,
    check: Annotated[
        list[Path] | None,
        typer.Option(help="Photographs to check the file on; default: the test images of the run's data."),
    ] = None,
    int8: Annotated[bool, typer.Option("--int8", help="Networks in 8-bit integers.")] = False,
    calibrate: Annotated[
        list[Path] | None,
        typer.Option(help="Photographs that int8 takes its ranges from; default: the run's training images."),
    ] = None,
) -> None:
    """Write a trained model as one ONNX file. Checked first: no file is left that disagrees with the run."""
    from aln.exported.run import export_run

    report = export_run(run, path, check=check or (), int8=int8, calibrate=calibrate or ())
    console(stderr=True).print("\n".join([*report.lines(), f"The exported model is in {path}"]))
