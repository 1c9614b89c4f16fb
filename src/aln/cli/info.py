"""`aln info`."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from aln.cli.app import app, console
from aln.cli.options import Run


@app.command()
def info(run: Run, *, as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """Tell what a trained model is. Classes, sizes, recipe, how it was trained, its scores."""
    from aln.describe import describe, print_description

    description = describe(run)
    if as_json:
        typer.echo(json.dumps(description, indent=2, ensure_ascii=False))
    else:
        print_description(description, console())
