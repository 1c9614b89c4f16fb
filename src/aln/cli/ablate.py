"""`aln ablate`."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from aln.cli.app import app, console
from aln.cli.options import Data, Format, Settings, names
from aln.errors import ConfigError


@app.command()
def ablate(
    what: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="freeze, freeze_pixels, superpixels, sampling, balance, penalty, ingredients; or several.",
            show_default=False,
        ),
    ],
    data: Data,
    *,
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for models and tables.", show_default=False)
    ],
    preset: Annotated[str, typer.Option(help="The recipe that is changed; see aln presets.")] = "poster",
    seeds: Annotated[str, typer.Option(help="Training seeds, with commas.")] = "0,1,2",
    data_format: Format = "auto",
    settings: Settings = None,
    max_images: Annotated[int, typer.Option(help="Measure on at most this many; 0: all.", min=0)] = 0,
    jobs: Annotated[int, typer.Option(help="Trainings at the same time.", min=1)] = 1,
    threads: Annotated[int, typer.Option(help="Threads of each training.", min=1)] = 1,
    cache: Annotated[
        Path | None, typer.Option(help="Folder for decoded photographs.", show_default=False)
    ] = None,
) -> None:
    """Change one thing in the training. Tells whom masks confuse, how ragged they are, how good boxes."""
    from aln.ablation import Plan
    from aln.ablation import ablate as run_ablation

    plan = Plan(
        tuple(dict.fromkeys(names(what))),
        preset,
        tuple(settings or ()),
        {"path": str(data), "format": data_format},
        _whole_numbers(seeds),
        out,
    )
    run_ablation(
        plan,
        command=shlex.join(["aln", *sys.argv[1:]]),
        jobs=jobs,
        threads=threads,
        max_images=max_images,
        cache_root=cache,
        console=console(stderr=True),
    )


def _whole_numbers(text: str) -> tuple[int, ...]:
    words = names(text)
    if not words or not all(word.isdecimal() for word in words):
        raise ConfigError(f"--seeds {text!r}: write whole numbers with commas, such as 0,1,2")
    return tuple(dict.fromkeys(map(int, words)))
