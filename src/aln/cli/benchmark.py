"""`aln benchmark`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aln.cli.app import app, console


@app.command()
def benchmark(
    config: Annotated[
        Path,
        typer.Option(
            "--config", help="TOML of a benchmark, e.g. benchmarks/tiny-imagenet-20.toml.", show_default=False
        ),
    ],
    *,
    data: Annotated[Path, typer.Option(help="Folder that holds the data sets.")] = Path(),
    runs: Annotated[Path, typer.Option(help="Folder for the trained models.")] = Path("runs"),
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Folder for the results.", show_default="results/ beside the TOML"),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(help="Make only these runs: TRAINING or TRAINING,SEED; repeatable.", show_default=False),
    ] = None,
    jobs: Annotated[int, typer.Option(help="Runs at a time, each a process of its own.", min=1)] = 1,
    threads: Annotated[int, typer.Option(help="Threads of each run.", min=1)] = 1,
    cache: Annotated[
        Path | None, typer.Option(help="Folder for decoded photographs.", show_default=False)
    ] = None,
) -> None:
    """Make a whole table. Train, measure every method, write results; continues where it stopped.

    Leaves with 1 if a run failed; the others are done all the same.
    """
    from aln.benchmark import run_benchmark

    failures = run_benchmark(
        config,
        data=data,
        runs=runs,
        out=out,
        only=only or (),
        jobs=jobs,
        threads=threads,
        cache=cache,
        console=console(stderr=True),
    )
    if failures:
        raise typer.Exit(1)
