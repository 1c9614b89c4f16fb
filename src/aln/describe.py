"""What a trained model is, for `aln info`: classes, sizes, recipe, how it was trained, its scores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from aln.evaluation.report import tables
from aln.evaluation.rows import Row
from aln.model_io import load_model

SHOWN_CLASSES = 20


def describe(run: Path) -> dict[str, Any]:
    """A JSON-ready description of the model in the folder `run`.

    Raises:
        ModelError, ConfigError: If the folder holds no usable model; names the file.
    """
    model = load_model(run)
    provenance = dict(model.provenance)
    return {
        "run": str(run),
        "classes": list(model.class_names),
        "parameters": {
            name: sum(weight.numel() for weight in network.parameters())
            for name, network in model.networks.by_name().items()
        },
        "scores": provenance.pop("scores", []),
        "provenance": provenance,
        "config": model.config.model_dump(mode="json"),
    }


def print_description(description: Mapping[str, Any], console: Console) -> None:
    """Print what `describe` gives, for people."""
    config = description["config"]
    classes = description["classes"]
    more = f" and {len(classes) - SHOWN_CLASSES} more" if len(classes) > SHOWN_CLASSES else ""
    sizes = ", ".join(f"{name} {count:,}" for name, count in description["parameters"].items())
    table = _table(description["run"])
    table.add_row("classes", f"{len(classes)}: {', '.join(classes[:SHOWN_CLASSES])}{more}")
    table.add_row("input", f"{config['model']['input_size']}×{config['model']['input_size']} pixels")
    table.add_row("parameters", sizes)
    table.add_row("preset", config["preset"])
    for key, value in _flat(description["provenance"]):
        table.add_row(key, value)
    console.print(table)
    recipe = _table("recipe, as for --set section.key=value")
    for section in ("superpixels", "model", "training", "balance", "localize"):
        recipe.add_row(section, "  ".join(f"{key}={value}" for key, value in _flat(config[section])))
    console.print(recipe)
    if description["scores"]:
        console.print(*tables([Row(**score) for score in description["scores"]]))
    else:
        console.print("no scores yet: aln evaluate measures and records them")


def _table(title: str) -> Table:
    table = Table(title=title, title_justify="left", show_header=False, box=None, padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    return table


def _flat(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", _text(value)


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return ", ".join(map(_text, value)) if isinstance(value, list) else str(value)
