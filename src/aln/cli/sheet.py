"""`aln sheet`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aln.cli.app import app
from aln.cli.options import Data, Format, Run, Settings, SplitName, data_config


@app.command()
def sheet(
    run: Run,
    data: Data,
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="PNG file.", show_default=False)],
    split: SplitName = "test",
    count: Annotated[int, typer.Option(help="How many photographs.", min=1, max=400)] = 24,
    data_format: Format = "auto",
    settings: Settings = None,
) -> None:
    """Draw a sheet of samples. Photograph, what the model would hide, its map, its mask."""
    from aln.measure import sheet_of
    from aln.output import require_writable
    from aln.visualize import write_png

    require_writable(out)
    write_png(out, sheet_of(run, data_config(data, data_format, settings), split=split, count=count))
