"""Arguments and options that several verbs share, and how they are read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from aln.config import DataConfig

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
    str | None, typer.Option("--rule", help="Threshold rule: moments, paper, otsu, mass, fixed:0.5, max:0.2.")
]
Device = Annotated[
    str,
    typer.Option(
        "--device", help="Where to compute: cpu, cuda, cuda:1; auto takes a GPU where there is one."
    ),
]
TO = typer.Option("--to", metavar="FORMAT", help="For annotation tools, with commas; see aln formats.")
SplitName = Annotated[Literal["train-weaksup", "train-fullsup", "test"], typer.Option("--split")]


def data_config(path: Path, data_format: str, settings: list[str] | None) -> DataConfig:
    from aln.config import load_config

    where = {"data": {"path": str(path), "format": data_format}}
    return load_config(overrides=settings or [], settings=where).data


def names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]
