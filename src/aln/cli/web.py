"""`aln web`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from aln.cli.app import app, console
from aln.cli.options import Run


@app.command()
def web(
    run: Run,
    *,
    images: Annotated[
        Path | None, typer.Option(help="Folder of photographs to page through.", show_default=False)
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="Review folder.", show_default="IMAGES-review, beside the photographs"
        ),
    ] = None,
    class_from: Annotated[
        Literal["model", "folder"],
        typer.Option(
            help="The class to find at first: the model's guess, or that of the photograph's folder."
        ),
    ] = "model",
    host: Annotated[str, typer.Option(help="Address to listen on; others than local ones need a token.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(help="0: any that is free.", min=0, max=65535)] = 8321,
    token: Annotated[
        str | None, typer.Option(help="Password; made up where one is needed.", show_default=False)
    ] = None,
) -> None:
    """Open a page to look at results and to correct them. Needs the extra "web"."""
    from aln.web.serve import serve

    serve(
        run,
        console=console(stderr=True),
        images=images,
        out=out,
        host=host,
        port=port,
        token=token,
        class_from=class_from,
    )
