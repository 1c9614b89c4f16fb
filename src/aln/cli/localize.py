"""`aln localize`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from aln.cli.app import app, console
from aln.cli.options import TO, Device, MethodName, RuleName, Run, Strict


@app.command()
def localize(
    run: Run,
    images: Annotated[list[Path], typer.Argument(help="Photographs: files, folders.", show_default=False)],
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the results.", show_default=False)],
    method: MethodName = None,
    rule: RuleName = None,
    boxes: Annotated[
        Literal["largest", "all"] | None, typer.Option(help="One box an image, or several.")
    ] = None,
    class_from: Annotated[
        Literal["model", "folder"],
        typer.Option(help="The class to find: the model's first guess, or that of the photograph's folder."),
    ] = "model",
    batch_size: Annotated[int | None, typer.Option(help="Photographs at a time.", min=1)] = None,
    overlays: Annotated[bool, typer.Option(help="Draw the result over each photograph.")] = True,
    redo: Annotated[
        bool, typer.Option("--redo", help="Replace earlier results instead of continuing.")
    ] = False,
    strict: Strict = False,
    device: Device = "auto",
    to: Annotated[list[str] | None, TO] = None,
) -> None:
    """Find the object in each photograph. Writes boxes, masks, overlays and one JSON line an image.

    Exit code 1: not one photograph could be read, or a format of --to can't be written. One photograph that
    can't be read beside others is named and left out.
    """
    from aln.pipeline import localize_run

    chosen = {"method": method, "rule": rule, "boxes": boxes, "batch_size": batch_size}
    given = {key: value for key, value in chosen.items() if value is not None}
    to_user = console(stderr=True)
    summary = localize_run(
        run,
        images,
        out,
        given,
        overlays=overlays,
        redo=redo,
        strict=strict,
        formats=to or (),
        class_from=class_from,
        device=device,
        console=to_user,
    )
    to_user.print("\n".join(summary.lines()))
    if summary.nothing_found:
        to_user.print("None of the photographs could be read: there are no results")
        raise typer.Exit(1)
    to_user.print(f"Results are in {out}")
    if summary.not_written:
        raise typer.Exit(1)
