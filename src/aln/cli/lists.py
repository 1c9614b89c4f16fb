"""`aln formats`, `aln methods` and `aln presets`: what can be chosen by name."""

from __future__ import annotations

import typer

from aln.cli.app import app, console


@app.command()
def formats() -> None:
    """List the annotation formats."""
    from aln.export import FORMATS

    typer.echo("\n".join(f"{name:13}{FORMATS[name].summary}" for name in FORMATS))


@app.command()
def methods() -> None:
    """List the localization methods. With their source and what they need."""
    from rich.table import Table

    from aln.methods import METHODS

    table = Table()
    table.add_column("method", no_wrap=True)
    for heading in ("what it does", "source", "needs"):
        table.add_column(heading)
    for name in METHODS:
        method = METHODS[name]
        needs = "classifier and corruption net" if method.needs_corruption_net else "classifier"
        if method.extra:
            needs = f"{method.extra.replace('_', ' ')} of --set training.variant={name}"
        table.add_row(name, method.summary, method.cite, needs)
    console().print(table)


@app.command()
def presets() -> None:
    """List the training recipes."""
    from aln.config import preset_names

    typer.echo("\n".join(preset_names()))
