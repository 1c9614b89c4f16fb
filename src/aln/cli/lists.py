"""`aln formats`, `aln methods` and `aln presets`: what can be chosen by name."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from aln.cli.app import app

if TYPE_CHECKING:
    from aln.methods.base import Method


@app.command()
def formats() -> None:
    """List the annotation formats."""
    from aln.export import FORMATS

    typer.echo("\n".join(f"{name:13}{FORMATS[name].summary}" for name in FORMATS))


@app.command()
def methods() -> None:
    """List the localization methods, and the trainings they are measured on. With sources and needs."""
    from aln.methods import METHODS
    from aln.training.variants import VARIANTS

    for name in METHODS:
        typer.echo(
            _entry(name, METHODS[name].summary, f"{METHODS[name].cite}; needs {_needs(METHODS[name])}")
        )
    typer.echo("\nTrainings, for --set training.variant=NAME:\n")
    for name in VARIANTS:
        variant = VARIANTS[name]
        told = (sys.modules[variant.__module__].__doc__ or "").partition("\n")[0]
        typer.echo(_entry(name, told, f"{variant.cite}; localizes with {variant.method}"))


def _entry(name: str, what: str, source: str) -> str:
    return f"{name:22}{what}\n{'':22}{source}"


def _needs(method: Method) -> str:
    from aln.evaluation.trivial import TRIVIAL_METHODS

    if method.name in TRIVIAL_METHODS:
        return "nothing"
    if method.extra:
        return f"the {method.extra.replace('_', ' ')} of --set training.variant={method.name}"
    return "classifier and corruption net" if method.needs_corruption_net else "a classifier"


@app.command()
def presets() -> None:
    """List the training recipes."""
    from aln.config import preset_names

    typer.echo("\n".join(preset_names()))
