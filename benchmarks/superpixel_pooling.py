"""What superpixels of the full-size photograph give: to ALN, which is measured with them, and to others.

    python -m benchmarks.superpixel_pooling RUN... --data ../shared/data

ALN's scores are averaged over superpixels of the photograph itself, where it is larger than the networks'
input (`aln.score_map`); those of other methods are resized, as their papers have it. Here each is measured in
both ways, by boxes and by masks.

Each RUN is a trained model of benchmarks/oxford-pets-3.toml, usually one for each seed. Writes
results/superpixel_pooling.json and results/superpixel_pooling.md.
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
from aln.boxes import FloatArray, parse_rule
from aln.evaluation.metrics import gt_known_loc, mask_iou
from aln.evaluation.protocols import exact_box_curves
from aln.evaluation.summary import max_box_acc_v2
from aln.localizer import Localizer
from aln.score_map import bring_back
from benchmarks.raw_maps import HERE, raw_maps

BENCHMARK = "oxford-pets-3"
METHODS = ("cam", "grad_cam", "grad_cam_pp", "backprop", "lrp", "aln")
WAYS = ("resized", "superpixels")
RULES = ("moments", "paper", "otsu")
METRICS = {"metric_1": "Metric 1", "mask_iou": "mask IoU", "max_box_acc_v2": "MaxBoxAccV2"}


def measure(run: Path, data: Path, console: Console) -> list[dict[str, Any]]:
    """A row for each method, way and rule."""
    localizer = Localizer.load(run, "cpu")
    unknown = np.full(len(localizer.class_names), 1 / len(localizer.class_names), np.float32)
    figures: dict[tuple[str, str, str], list[tuple[float, float]]] = defaultdict(list)
    curves: dict[tuple[str, str], list[FloatArray]] = defaultdict(list)
    for method, raw, photograph, truth in raw_maps(
        localizer, BENCHMARK, data, METHODS, max_images=0, console=console
    ):
        for way in WAYS:
            pooled = localizer.engine.superpixels if way == "superpixels" else None
            score_map = bring_back(raw, photograph.image, pooled)
            curves[method, way].append(exact_box_curves(score_map, truth).best)
            for rule in RULES:
                found = localizer.found(
                    photograph.image_id,
                    score_map,
                    localizer.task(method),
                    parse_rule(rule),
                    label=photograph.label or 0,
                    probabilities=unknown,
                )
                figures[method, way, rule].append((gt_known_loc(found, truth), mask_iou(found, truth)))
    return [
        {
            "run": run.name,
            "method": method,
            "way": way,
            "rule": rule,
            "images": len(pairs),
            "metric_1": 100 * float(np.mean([right for right, _ in pairs])),
            "mask_iou": 100 * float(np.nanmean([overlap for _, overlap in pairs])),
            "max_box_acc_v2": 100 * float(max_box_acc_v2(np.stack(curves[method, way])).mean()),
        }
        for (method, way, rule), pairs in figures.items()
    ]


def page(rows: Sequence[dict[str, Any]], command: str) -> str:
    """The Markdown page."""
    told = (__doc__ or "").split("\n\n")[2].replace("\n", " ")
    lines = [
        [method, rule, *(_cell(rows, method, rule, way, metric) for metric in METRICS for way in WAYS)]
        for method in METHODS
        for rule in RULES
    ]
    head = ["method", "rule", *(f"{name}, {way}" for name in METRICS.values() for way in WAYS)]
    about = (
        f"{BENCHMARK}, {rows[0]['images']} test images, {len({row['run'] for row in rows})} trainings; mean "
        "± standard deviation between them."
    )
    title = "# Superpixels of the photograph, for every method"
    return "\n\n".join([f"`{command}`", title, told, about, table(head, lines, left=2)]) + "\n"


def _cell(rows: Sequence[dict[str, Any]], method: str, rule: str, way: str, metric: str) -> str:
    return spread(
        [row[metric] for row in rows if (row["method"], row["rule"], row["way"]) == (method, rule, way)]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("runs", type=Path, nargs="+", help="trained models")
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--out", type=Path, default=HERE / "results", help="folder for the results")
    given = parser.parse_args()
    torch.set_num_threads(1)
    console = Console(stderr=True)
    rows = [row for run in given.runs for row in measure(run, given.data, console)]
    names = " ".join(map(str, given.runs))
    text = page(rows, f"python -m benchmarks.superpixel_pooling {names} --data {given.data}")
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "superpixel_pooling.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    (given.out / "superpixel_pooling.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
