"""`aln convert`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aln.cli.app import app, console
from aln.cli.options import TO


@app.command()
def convert(
    found: Annotated[Path, typer.Argument(help="What aln localize --out made.", show_default=False)],
    *,
    to: Annotated[list[str], TO],
    photographs: Annotated[
        Path | None,
        typer.Option(help="Where the photographs lie now, if they were moved.", show_default=False),
    ] = None,
) -> None:
    """Write results for annotation tools. What aln localize --to does, without localizing."""
    from aln.convert import convert as write_annotations

    for folder in write_annotations(found, to, photographs, console(stderr=True).print):
        typer.echo(folder)
