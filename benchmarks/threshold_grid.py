"""What oracles lose by thresholds of whole hundredths, for maps with a few bright pixels.

    python -m benchmarks.threshold_grid RUN... --data ../shared/data

MaxBoxAcc and MaxBoxAccV2 try the thresholds 0, .01, ..., .99. A map whose sum lies in a few pixels has nearly
all others below .01, where there is nothing to choose. Here every map has .001, .002, ... below .1 and .0001,
.0002, ... below .01 as well.

Each RUN is a trained model of benchmarks/tiny-imagenet-20.toml, usually one for each seed. Writes
results/threshold_grid.json and results/threshold_grid.md.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console

from aln.benchmark.tables import spread, table
from aln.boxes import FloatArray
from aln.data.base import Truth
from aln.evaluation.protocols import exact_box_curves
from aln.evaluation.summary import max_box_acc, max_box_acc_v2
from aln.localizer import Localizer
from benchmarks.raw_maps import HERE, raw_maps

BENCHMARK = "tiny-imagenet-20"
METHODS = ("cam", "grad_cam_pp", "backprop", "lrp", "lrp_epsilon", "integrated_gradients", "aln")
GRIDS = {"hundredths": 1, "and finer": 3}
"""Names of the grids, and how many decades of thresholds each has: down to .01, and down to .0001."""

METRICS = {"max_box_acc": "MaxBoxAcc", "max_box_acc_v2": "MaxBoxAccV2"}


def overlaps(score_map: FloatArray, truth: Truth, decades: int) -> tuple[FloatArray, FloatArray]:
    """IoU (100 · decades,) of the largest component's box, and of the best, at every threshold of a grid."""
    stretched = [np.minimum(score_map * np.float32(10**decade), 1) for decade in range(decades)]
    curves = [exact_box_curves(one, truth) for one in stretched]
    return np.concatenate([c.largest for c in curves]), np.concatenate([c.best for c in curves])


def measure(run: Path, data: Path, max_images: int, console: Console) -> list[dict[str, Any]]:
    """A row for each method and grid."""
    localizer = Localizer.load(run, "cpu")
    found: dict[tuple[str, str], list[tuple[FloatArray, FloatArray]]] = defaultdict(list)
    maps = raw_maps(localizer, BENCHMARK, data, METHODS, max_images=max_images, console=console)
    for method, raw, photograph, truth in maps:
        score_map = localizer.score_map(raw, photograph.image, localizer.task(method))
        for grid, decades in GRIDS.items():
            found[method, grid].append(overlaps(score_map, truth, decades))
    return [
        {
            "run": run.name,
            "method": method,
            "grid": grid,
            "images": len(pairs),
            "max_box_acc": 100 * float(max_box_acc(np.stack([largest for largest, _ in pairs])).mean()),
            "max_box_acc_v2": 100 * float(max_box_acc_v2(np.stack([best for _, best in pairs])).mean()),
        }
        for (method, grid), pairs in found.items()
    ]


def page(rows: Sequence[dict[str, Any]], command: str) -> str:
    """The Markdown page."""
    told = (__doc__ or "").split("\n\n")[2].replace("\n", " ")
    keys = [(metric, grid) for metric in METRICS for grid in GRIDS]
    lines = [[method, *(_cell(rows, method, *key) for key in keys)] for method in METHODS]
    head = ["method", *(f"{METRICS[metric]}, {grid}" for metric, grid in keys)]
    about = (
        f"{BENCHMARK}, {rows[0]['images']} test images, {len({row['run'] for row in rows})} trainings; mean "
        "± standard deviation between them."
    )
    return "\n\n".join([f"`{command}`", "# Finer thresholds", told, about, table(head, lines)]) + "\n"


def _cell(rows: Sequence[dict[str, Any]], method: str, metric: str, grid: str) -> str:
    return spread([row[metric] for row in rows if (row["method"], row["grid"]) == (method, grid)])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("runs", type=Path, nargs="+", help="trained models")
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--max-images", type=int, default=500, help="so many, evenly spaced; 0: all")
    parser.add_argument("--out", type=Path, default=HERE / "results", help="folder for the results")
    given = parser.parse_args()
    torch.set_num_threads(1)
    console = Console(stderr=True)
    rows = [row for run in given.runs for row in measure(run, given.data, given.max_images, console)]
    names = " ".join(map(str, given.runs))
    text = page(rows, f"python -m benchmarks.threshold_grid {names} --data {given.data}")
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "threshold_grid.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    (given.out / "threshold_grid.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
