"""`aln sheet`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aln.cli.app import app, console
from aln.cli.options import Data, Device, Format, Run, Settings, SplitName, data_config, names


@app.command()
def sheet(
    run: Run,
    data: Data,
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="PNG file.", show_default=False)],
    methods: Annotated[
        str | None, typer.Option(help="Compare methods, with commas; see aln methods.", show_default=False)
    ] = None,
    worst: Annotated[
        bool, typer.Option("--worst", help="The worst misses of the model, or of the one in --methods.")
    ] = False,
    split: SplitName = "test",
    count: Annotated[
        int | None,
        typer.Option(help="How many photographs.", min=1, max=400, show_default="24, or 8 with --methods"),
    ] = None,
    data_format: Format = "auto",
    settings: Settings = None,
    device: Device = "auto",
) -> None:
    """Draw a sheet of samples. Photograph, what the model would hide, its map, its mask.

    With --methods: the same photographs under several methods, picked by their place in the split.
    With --worst: where the boxes are most wrong, evenly over the classes, and how.
    """
    from aln.errors import ConfigError
    from aln.output import require_writable
    from aln.sheets import comparison_of, sheet_of, worst_of
    from aln.visualize import write_png
    from aln.visualize.drawing import MOST_BYTES

    require_writable(out)
    chosen = None if methods is None else names(methods)
    if chosen == [] or (worst and chosen is not None and len(chosen) > 1):
        raise ConfigError("--methods wants names of methods, with --worst just one; see aln methods")
    where = data_config(data, data_format, settings)
    to_user = console(stderr=True)
    if worst:
        method = chosen[0] if chosen else None
        picture = worst_of(
            run, where, split=split, method=method, count=count or 24, device=device, console=to_user
        )
    elif chosen:
        picture = comparison_of(
            run, where, chosen, split=split, count=count or 8, device=device, console=to_user
        )
    else:
        picture = sheet_of(run, where, split=split, count=count or 24, device=device)
    write_png(out, picture, colours=256, most_bytes=MOST_BYTES)
