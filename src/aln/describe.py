"""What a trained model is, for `aln info`: classes, sizes, recipe, how it was trained, its scores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from aln.evaluation.report import tables
from aln.evaluation.rows import Row
from aln.exported.engine import ExportedEngine
from aln.localizer import Localizer

SHOWN_CLASSES = 20
EXPORTED = {"aln_version", "aln_format", "method", "rule", "boxes", "precision", "weights_sha256"}


def describe(run: Path) -> dict[str, Any]:
    """A JSON-ready description of the model in the folder `run`, or of an exported one (.onnx).

    A folder has its networks' "parameters", a file what was "exported": rule, precision, version of aln.
    The scores of a file are those that its run had by then.

    Raises:
        ModelError, ConfigError: If there is no usable model; names the file.
    """
    model = Localizer.load(run)
    provenance = dict(model.provenance)
    return {
        "run": str(run),
        "classes": list(model.class_names),
        **_own(model),
        "scores": provenance.pop("scores", []),
        "provenance": provenance,
        "config": model.config.model_dump(mode="json"),
    }


def _own(model: Localizer) -> dict[str, Any]:
    """What only a file, or only a folder, can tell."""
    if isinstance(model.engine, ExportedEngine):
        return {"exported": model.engine.metadata.model_dump(mode="json", include=EXPORTED)}
    return {
        "parameters": {
            name: sum(weight.numel() for weight in network.parameters())
            for name, network in model.networks.by_name().items()
        }
    }


def print_description(description: Mapping[str, Any], console: Console) -> None:
    """Print what `describe` gives, for people."""
    config = description["config"]
    classes = description["classes"]
    more = f" and {len(classes) - SHOWN_CLASSES} more" if len(classes) > SHOWN_CLASSES else ""
    table = _table(description["run"])
    table.add_row("classes", f"{len(classes)}: {', '.join(classes[:SHOWN_CLASSES])}{more}")
    table.add_row("input", f"{config['model']['input_size']}×{config['model']['input_size']} pixels")
    if sizes := description.get("parameters"):
        table.add_row("parameters", ", ".join(f"{name} {count:,}" for name, count in sizes.items()))
    table.add_row("preset", config["preset"])
    exported = {"exported": description.get("exported", {})}
    told = {key: value for key, value in description["provenance"].items() if key != "preset"}
    for key, value in _flat({**exported, **told}):
        table.add_row(key, value)
    console.print(table)
    recipe = _table("recipe, as for --set section.key=value")
    for section in ("superpixels", "model", "training", "balance", "localize"):
        recipe.add_row(section, "  ".join(f"{key}={value}" for key, value in _flat(config[section])))
    console.print(recipe)
    if description["scores"]:
        if "exported" in description:
            console.print("scores of the run, when it was exported")
        console.print(*tables([Row(**score) for score in description["scores"]]))
    elif "exported" in description:
        console.print("no scores: aln evaluate measures, and records them for the folder of a run")
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
