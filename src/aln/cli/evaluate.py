"""`aln evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aln.cli.app import app, console
from aln.cli.options import DATA, RUN, Device, Format, Settings, SplitName, data_config, names
from aln.errors import AlnError


@app.command()
def evaluate(
    run: Annotated[Path | None, RUN] = None,
    data: Annotated[Path | None, DATA] = None,
    *,
    split: SplitName = "test",
    methods: Annotated[
        str | None,
        typer.Option(help="Methods, with commas; see aln methods.", show_default="the model's own"),
    ] = None,
    rules: Annotated[
        str | None, typer.Option(help="Threshold rules, with commas.", show_default="the model's own")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="JSON file for the rows.")] = None,
    data_format: Format = "auto",
    settings: Settings = None,
    max_images: Annotated[int, typer.Option(help="At most this many, evenly spaced; 0: all.", min=0)] = 0,
    protocol: Annotated[
        str | None, typer.Option(help="How figures are taken: exact, choe2020.", show_default="exact")
    ] = None,
    device: Device = "auto",
    score_maps: Annotated[Path | None, typer.Option(help="Measure .npy maps of any tool instead.")] = None,
    metadata: Annotated[Path | None, typer.Option(help="Their split, as wsolevaluation lays it out.")] = None,
    masks: Annotated[Path | None, typer.Option(help="Folder of the masks that the split names.")] = None,
    threshold_step: Annotated[
        float | None,
        typer.Option(
            help="From one threshold of their figures to the next; wsolevaluation's script takes 0.01.",
            show_default="0.001",
        ),
    ] = None,
    write_score_maps: Annotated[
        Path | None, typer.Option(help="Folder for each method's .npy maps, for wsolevaluation.")
    ] = None,
    write_metadata: Annotated[
        Path | None, typer.Option(help="Folder for the split in wsolevaluation's layout.")
    ] = None,
) -> None:
    """Measure a model on annotated photographs. The trivial answers stand beside it.

    Scores on all of the split test are kept in the model's folder too, where aln info shows them.
    """
    from aln.evaluation.report import tables, write_rows
    from aln.measure import evaluate_run, measure_score_maps, record_run
    from aln.output import require_writable

    folders = (folder / "image_ids.txt" for folder in (write_score_maps, write_metadata) if folder)
    for file in (out, *folders):
        if file is not None:
            require_writable(file)
    errors = console(stderr=True)
    failures: dict[str, str] = {}
    of_score_maps = {"--metadata": metadata, "--masks": masks, "--threshold-step": threshold_step}
    for option, value in of_score_maps.items():
        if score_maps is None and value is not None:
            raise AlnError(f"{option} is for --score-maps: leave it out")
    if score_maps is not None:
        if protocol not in (None, "choe2020"):
            raise AlnError(f"--score-maps are measured under choe2020: leave out --protocol {protocol}")
        if run is not None:
            raise AlnError(f"--score-maps are measured without a model: leave out {run}")
        rows = measure_score_maps(score_maps, metadata, masks=masks, step=threshold_step, console=errors)
    elif run is None or data is None:
        raise AlnError("say what to measure: aln evaluate RUN DATA, or --score-maps DIR --metadata DIR")
    else:
        rows, failures = evaluate_run(
            run,
            data_config(data, data_format, settings),
            split=split,
            methods=names(methods or ""),
            rules=names(rules or ""),
            max_images=max_images,
            protocol=protocol or "exact",
            device=device,
            write_score_maps=write_score_maps,
            write_metadata=write_metadata,
            record=False,  # in the end: nothing that fails there may cost what was measured
            console=errors,
        )
    console().print(*tables(rows))
    if failures:
        errors.print(f"{len(failures)} images could not be read:", *failures.values(), sep="\n")
    if out is not None:
        write_rows(rows, out)
    if run is not None:
        record_run(run, rows, split=split, max_images=max_images, console=errors)
