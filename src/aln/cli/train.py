"""`aln train`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aln.cli.app import app, console
from aln.cli.options import Data, Format, Settings, Strict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aln.config import Config


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
        bool,
        typer.Option(
            "--resume",
            help="Continue a run that was stopped, with its own settings but for --set training.device and "
            "training.threads.",
        ),
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
    from aln.training import train as run_training

    if resume:
        form = None if data_format == "auto" else data_format
        lasting = {f"--set {setting}": setting for setting in _lasting(settings or [])}
        given = {"--preset": preset, "--format": form, **lasting, "--epochs": epochs, "--seed": seed}
        _refuse_with_resume({**given, "--overwrite": overwrite or None})
    short = {"training.epochs": epochs, "training.seed": seed}
    overrides = [f"{key}={value}" for key, value in short.items() if value is not None]
    where = {"data": {"path": str(data), "format": data_format}}
    config = load_config(preset or "default", [*overrides, *(settings or [])], settings=where)
    _check_method(config)  # better now than after hours
    _ = parse_rule(config.localize.rule)
    to_user = console(stderr=True)
    run_training(
        config, out, resume=resume, strict=strict, cache_root=cache, overwrite=overwrite, console=to_user
    )
    to_user.print(f"The trained model is in {out}; next: aln localize {out} PHOTOS --out found")


def _check_method(config: Config) -> None:
    """Refuse a method for localizing that can't run on what the variant trains."""
    from aln.config import LocalizeConfig
    from aln.errors import ConfigError
    from aln.methods import METHODS
    from aln.training.variants import VARIANTS

    name, variant = config.localize.method, config.training.variant
    method, own = METHODS[name], METHODS[VARIANTS[variant].method]
    if name == LocalizeConfig().method:  # the variant's own takes its place
        return
    lacks_corruption_net = method.needs_corruption_net and not own.needs_corruption_net
    if lacks_corruption_net or method.extra not in ("", own.extra):
        needed = "corruption net" if lacks_corruption_net else method.extra.replace("_", " ")
        trains_it = "aln" if lacks_corruption_net else name
        raise ConfigError(
            f"localize.method={name} needs a {needed}, which training.variant={variant} doesn't train; leave "
            f"localize.method out for {own.name!r}, or set training.variant={trains_it}"
        )


def _lasting(settings: list[str]) -> list[str]:
    """Those that a run keeps; where it computes may change."""
    from aln.training.run import MACHINE

    free = {f"training.{name}" for name in MACHINE}
    return [setting for setting in settings if setting.partition("=")[0].strip() not in free]


def _refuse_with_resume(given: Mapping[str, object]) -> None:
    """A run that goes on keeps its settings, so others beside --resume are a mistake."""
    from aln.errors import ConfigError

    if too_many := [option for option, value in given.items() if value is not None]:
        raise ConfigError(
            f"--resume continues a run with its own settings: drop {', '.join(too_many)}, "
            "or drop --resume and start a run with new settings in another --out (training.device and "
            "training.threads may change on the way)"
        )
