"""The command line: each verb a few lines over the Python API, imported inside so that --help is instant."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from aln.errors import AlnError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from aln.config import DataConfig

app = typer.Typer(
    help="Find objects in photographs after learning from class folders alone: no boxes, masks or prompts.",
    no_args_is_help=True,
    rich_markup_mode=None,  # rich would double the time
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

RUN = typer.Argument(help="Folder of a trained model, made by aln train.", show_default=False)
DATA = typer.Argument(help="Photographs: photos/<class>/*.jpg, or a benchmark's layout.", show_default=False)
Run = Annotated[Path, RUN]
Data = Annotated[Path, DATA]
Format = Annotated[str, typer.Option("--format", help="Layout of the photographs; auto recognises it.")]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Change a setting, e.g. training.batch_size=32; repeatable."
    ),
]
Strict = Annotated[bool, typer.Option("--strict", help="Stop at the first photograph that can't be read.")]
MethodName = Annotated[
    str | None, typer.Option("--method", help="See aln methods; default: the model's own.")
]
RuleName = Annotated[
    str | None, typer.Option("--rule", help="Threshold rule: paper, otsu, fixed:0.5, percentile:80.")
]
TO = typer.Option("--to", metavar="FORMAT", help="For annotation tools, with commas; see aln formats.")
SplitName = Annotated[Literal["train-weaksup", "train-fullsup", "test"], typer.Option("--split")]


@app.command()
def train(
    data: Data,
    *,
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for the trained model.", show_default=False)
    ],
    preset: Annotated[
        str | None, typer.Option(help="Recipe; see aln presets.", show_default="default")
    ] = None,
    data_format: Format = "auto",
    settings: Settings = None,
    epochs: Annotated[int | None, typer.Option(help="Short for --set training.epochs=N.")] = None,
    seed: Annotated[int | None, typer.Option(help="Short for --set training.seed=N.")] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue a run that was stopped, with its own settings.")
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the run that is in --out.")] = False,
    strict: Strict = False,
    cache: Annotated[
        Path | None, typer.Option(help="Folder for decoded photographs.", show_default=False)
    ] = None,
) -> None:
    """Learn from photographs in class folders."""
    from aln.boxes import parse_rule
    from aln.config import load_config
    from aln.methods import METHODS
    from aln.training import train as run_training

    if resume:
        form = None if data_format == "auto" else data_format
        given = {"--preset": preset, "--format": form, "--set": settings, "--epochs": epochs, "--seed": seed}
        _refuse_with_resume({**given, "--overwrite": overwrite or None})
    short = {"training.epochs": epochs, "training.seed": seed}
    overrides = [f"{key}={value}" for key, value in short.items() if value is not None]
    where = {"data": {"path": str(data), "format": data_format}}
    config = load_config(preset or "default", [*overrides, *(settings or [])], settings=where)
    _, _ = METHODS[config.localize.method], parse_rule(config.localize.rule)  # better now than after hours
    console = _console(stderr=True)
    run_training(
        config, out, resume=resume, strict=strict, cache_root=cache, overwrite=overwrite, console=console
    )
    console.print(f"The trained model is in {out}; next: aln localize {out} PHOTOS --out found")


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
    batch_size: Annotated[int | None, typer.Option(help="Photographs at a time.", min=1)] = None,
    overlays: Annotated[bool, typer.Option(help="Draw the result over each photograph.")] = True,
    redo: Annotated[
        bool, typer.Option("--redo", help="Replace earlier results instead of continuing.")
    ] = False,
    strict: Strict = False,
    to: Annotated[list[str] | None, TO] = None,
) -> None:
    """Find the object in each photograph. Writes boxes, masks, overlays and one JSON line an image."""
    from aln.pipeline import localize_run

    chosen = {"method": method, "rule": rule, "boxes": boxes, "batch_size": batch_size}
    given = {key: value for key, value in chosen.items() if value is not None}
    console = _console(stderr=True)
    summary = localize_run(
        run,
        images,
        out,
        given,
        overlays=overlays,
        redo=redo,
        strict=strict,
        formats=to or (),
        console=console,
    )
    console.print("\n".join([*summary.lines(), f"Results are in {out}"]))


@app.command()
def convert(
    found: Annotated[Path, typer.Argument(help="What aln localize --out made.", show_default=False)],
    *,
    to: Annotated[list[str], TO],
) -> None:
    """Write results for annotation tools. What aln localize --to does, without localizing."""
    from aln.convert import convert as write_annotations

    for folder in write_annotations(found, to):
        typer.echo(folder)


@app.command()
def formats() -> None:
    """List the annotation formats."""
    from aln.export import FORMATS

    typer.echo("\n".join(f"{name:13}{FORMATS[name].summary}" for name in FORMATS))


@app.command()
def evaluate(
    run: Annotated[Path | None, RUN] = None,
    data: Annotated[Path | None, DATA] = None,
    *,
    split: SplitName = "test",
    methods: Annotated[str, typer.Option(help="Methods, with commas; see aln methods.")] = "aln",
    rules: Annotated[str, typer.Option(help="Threshold rules, with commas.")] = "paper",
    out: Annotated[Path | None, typer.Option("--out", "-o", help="JSON file for the rows.")] = None,
    data_format: Format = "auto",
    settings: Settings = None,
    max_images: Annotated[int, typer.Option(help="At most this many, evenly spaced; 0: all.", min=0)] = 0,
    protocol: Annotated[str, typer.Option(help="How figures are taken: exact, choe2020.")] = "exact",
    score_maps: Annotated[Path | None, typer.Option(help="Measure .npy maps of any tool instead.")] = None,
    metadata: Annotated[Path | None, typer.Option(help="Their split, as wsolevaluation lays it out.")] = None,
    masks: Annotated[Path | None, typer.Option(help="Folder of the masks that the split names.")] = None,
) -> None:
    """Measure a model on annotated photographs. The trivial answers stand beside it."""
    from aln.evaluation.report import tables, write_rows
    from aln.measure import evaluate_run, measure_score_maps
    from aln.output import require_writable

    if out is not None:
        require_writable(out)
    errors = _console(stderr=True)
    failures: dict[str, str] = {}
    if score_maps is not None:
        rows = measure_score_maps(score_maps, metadata, masks=masks, console=errors)
    elif run is None or data is None:
        raise AlnError("say what to measure: aln evaluate RUN DATA, or --score-maps DIR --metadata DIR")
    else:
        rows, failures = evaluate_run(
            run,
            _data_config(data, data_format, settings),
            split=split,
            methods=_names(methods),
            rules=_names(rules),
            max_images=max_images,
            protocol=protocol,
            console=errors,
        )
    _console().print(*tables(rows))
    if failures:
        errors.print(f"{len(failures)} images could not be read:", *failures.values(), sep="\n")
    if out is not None:
        write_rows(rows, out)


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
    write_png(out, sheet_of(run, _data_config(data, data_format, settings), split=split, count=count))


@app.command()
def info(run: Run, *, as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """Tell what a trained model is. Classes, sizes, recipe, how it was trained, its scores."""
    from aln.describe import describe, print_description

    description = describe(run)
    if as_json:
        typer.echo(json.dumps(description, indent=2, ensure_ascii=False))
    else:
        print_description(description, _console())


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
        table.add_row(name, method.summary, method.cite, needs)
    _console().print(table)


@app.command()
def presets() -> None:
    """List the training recipes."""
    from aln.config import preset_names

    typer.echo("\n".join(preset_names()))


def main() -> None:
    """Entry point: errors a user can cause come as one line on stderr and exit code 2."""
    try:
        app()
    except AlnError as error:
        _console(stderr=True).print(f"error: {error}", style="red")
        sys.exit(2)


def _refuse_with_resume(given: Mapping[str, object]) -> None:
    """A run that goes on keeps its settings, so others beside --resume are a mistake."""
    from aln.errors import ConfigError

    if too_many := [option for option, value in given.items() if value not in (None, [])]:
        raise ConfigError(
            f"--resume continues a run with its own settings: drop {', '.join(too_many)}, "
            "or drop --resume and start a run with new settings in another --out"
        )


def _data_config(path: Path, data_format: str, settings: list[str] | None) -> DataConfig:
    from aln.config import load_config

    where = {"data": {"path": str(path), "format": data_format}}
    return load_config(overrides=settings or [], settings=where).data


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _console(*, stderr: bool = False) -> Console:
    """A console that prints file and class names as they are, brackets included."""
    from rich.console import Console

    return Console(stderr=stderr, markup=False, highlight=False, soft_wrap=True)
