"""The rows of ablations as JSON and as Markdown.

A cell is the mean over the seeds, ± the standard deviation between them. Beside each arm stand, in italics,
random masks of the same area; below all arms stand the boxes that need no look at the photograph.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean, stdev
from typing import NamedTuple

from aln.ablation.measuring import RANDOM
from aln.ablation.registry import Ablation
from aln.evaluation.rows import Row
from aln.evaluation.trivial import TRIVIAL_METHODS
from aln.files import write_atomic

COLUMNS = {
    "area": "masked area",
    "components": "pieces",
    "component_size": "size of a piece",
    "boundary": "outline per area",
    "drop_own": "lost: own",
    "drop_start": "lost: start",
    "drop_others": "lost: others",
}
"""Figures of masks, and their headings; JSON calls them by their keys."""

BOXES = {
    "metric_1": "Metric 1",
    "metric_1_small": "smaller half",
    "mask_iou": "mask IoU",
    "pointing": "pointing",
    "classification_accuracy": "accuracy",
}
"""Figures of boxes and maps, left out where the data has none."""

HOW_TO_READ = (
    "Test images; no threshold and no checkpoint was chosen on them. A cell is the mean over the seeds, ± "
    "the standard deviation between them. *Lost* is what the masks cost the accuracy, in points: of the "
    "arm's own classifier, of the one it started with, of others trained apart. *Transfer* is the share of "
    "the own loss that the others lose too. Random masks hide as much, in whole superpixels. All figures "
    "are explained in docs/ablations.md."
)

LEAST_DROP = 1.0
"""Below this loss of its own classifier, in points, a mask fools nobody whose share could be told."""


@dataclass(frozen=True)
class ArmRow:
    """A row of one arm of one ablation."""

    ablation: str
    arm: str
    row: Row

    def flat(self) -> dict[str, object]:
        """As one flat JSON object: `ablation`, `arm` and the fields of `Row`."""
        return {"ablation": self.ablation, "arm": self.arm, **asdict(self.row)}


class Stopped(NamedTuple):
    """A training that stopped itself, and so has no rows."""

    ablation: str
    arm: str
    seed: int
    reason: str


def write_json(rows: Sequence[ArmRow], path: Path) -> None:
    """A flat list, whole or not at all."""
    text = json.dumps([row.flat() for row in rows], indent=1, allow_nan=False, ensure_ascii=False) + "\n"
    write_atomic(path, text.encode())


def page(
    ablations: Mapping[str, Ablation],
    rows: Sequence[ArmRow],
    stopped: Sequence[Stopped],
    *,
    command: str,
    done: str,
    picture: str,
) -> str:
    """The Markdown page: the command, one table for each ablation that has rows, what stopped itself."""
    lines = [
        f"`{command}`",
        "",
        f"# {', '.join(ablations)}",
        "",
        f"Made by the command above; {done}. {HOW_TO_READ}",
        "",
    ]
    for name, ablation in ablations.items():
        if own := [row for row in rows if row.ablation == name]:
            lines += [f"## {name}", "", ablation.question, "", f"*Expected:* {ablation.claim}", ""]
            lines += [*_table(ablation, own, [one.arm for one in stopped if one.ablation == name]), ""]
    if stopped:
        told = [f"* {one.ablation}, {one.arm}, seed {one.seed}: {one.reason}" for one in stopped]
        lines += ["## Trainings that stopped themselves", "", *told, ""]
    if rows:
        lines += [f"![The tables' figures, a dot for each seed]({picture})", ""]
    return "\n".join(lines)


def transfer(rows: Iterable[Row]) -> float | None:
    """How much of what masks cost their own classifier they cost the others, 1 for all of it.

    None where they cost their own hardly anything.

    Args:
        rows: The rows of one arm and one kind of masks, of any number of seeds.
    """
    rows = list(rows)
    own, others = (_values(rows, name) for name in ("drop_own", "drop_others"))
    return fmean(others) / fmean(own) if own and fmean(own) >= LEAST_DROP else None


def _table(ablation: Ablation, rows: Sequence[ArmRow], stopped: Sequence[str]) -> list[str]:
    present = {name: title for name, title in BOXES.items() if any(r.row.metric == name for r in rows)}
    header = ["arm", *COLUMNS.values(), "transfer", *present.values(), "seeds"]
    lines = [header, ["---", *["---:"] * (len(header) - 1)]]
    for arm in ablation.arms:
        of_arm = [row.row for row in rows if row.arm == arm.name]
        if of_arm:
            trained = [row for row in of_arm if row.method in ("aln", "classifier")]
            lines.append(_line(arm.name, trained, present))
            chance = [row for row in of_arm if row.method == RANDOM]
            lines.append(_line(f"*{arm.name}: random masks*", chance, present))
        if times := stopped.count(arm.name):
            lines.append([f"{arm.name}: stopped itself", *[""] * (len(header) - 2), str(times)])
    for method in TRIVIAL_METHODS:
        constant = [row.row for row in rows if row.row.method == method and row.arm == rows[0].arm]
        lines.append(_line(f"*{method} (trivial)*", constant, present))
    return [f"| {' | '.join(line)} |" for line in lines]


def _line(name: str, rows: Sequence[Row], boxes: Mapping[str, str]) -> list[str]:
    share = transfer(rows)
    masks = [_cell(_values(rows, metric)) for metric in COLUMNS]
    found = [_cell(_values(rows, metric)) for metric in boxes]
    seeds = len({row.seed for row in rows})
    return [name, *masks, "" if share is None else f"{share:.2f}", *found, str(seeds)]


def _values(rows: Iterable[Row], metric: str) -> list[float]:
    return [row.value for row in rows if row.metric == metric]


def _cell(values: Sequence[float]) -> str:
    if not values:
        return ""
    spread = f" ± {stdev(values):.1f}" if len(values) > 1 else ""
    return f"{fmean(values):.1f}{spread}"
