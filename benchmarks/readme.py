"""Put the headline figures into README.md, from the result files and from nothing else.

    python benchmarks/readme.py

Rewrites what stands between `<!-- results -->` and `<!-- /results -->`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from aln.benchmark.tables import spread, table
from aln.evaluation.report import read_rows
from aln.evaluation.rows import RULE_FREE, Row
from aln.files import write_atomic

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
START, END = "<!-- results -->\n", "<!-- /results -->"

DATASETS = ("cluttered-eth80", "tiny-imagenet-20", "tiny-imagenet-100", "oxford-pets-3")
COLUMNS = {
    "metric_1": "Metric 1",
    "metric_2": "Metric 2",
    "metric_1_small": "Metric 1, smaller half",
    "max_box_acc_v2": "MaxBoxAccV2",
    "mask_iou": "mask IoU",
}
LINES = (
    ("whole image", "max_box", "default", None),
    ("best centred box", "center_box", "default", None),
    ("CAM, 20 % of the maximum", "cam", "default", "max:0.2"),
    ("CAM, 0.7·mean + 0.3·max", "cam", "default", "paper"),
    ("CAM, rule `moments`", "cam", "default", "moments"),
    ("Grad-CAM++, 0.7·mean + 0.3·max", "grad_cam_pp", "default", "paper"),
    ("Grad-CAM++, rule `moments`", "grad_cam_pp", "default", "moments"),
    ("ALN, preset `default`, 0.7·mean + 0.3·max", "aln", "default", "paper"),
    ("**ALN, preset `default`**, rule `moments`", "aln", "default", "moments"),
    ("ALN, preset `poster`, 0.7·mean + 0.3·max", "aln", "poster", "paper"),
    ("*ceiling: a box regressor that has seen boxes*", "supervised", "supervised", "moments"),
)
"""Name, method, preset and rule of each line; None: its only rule. The preset of a row that holds for any
model is "none"; Metric 2 of a trivial answer asks the classifier of the line's preset."""


def block(results: Path) -> str:
    """The text between the markers, from the result files that are there."""
    there = [name for name in DATASETS if (results / f"{name}.json").exists()]
    return "\n".join(
        _table(name, read_rows(results / f"{name}.json"), _command(results, name)) for name in there
    )


def rewritten(readme: str, results: Path) -> str:
    """`readme` with the block between its markers made anew."""
    before, _, rest = readme.partition(START)
    _, _, after = rest.partition(END)
    return before + START + block(results) + END + after


def _command(results: Path, dataset: str) -> str:
    """The command that made the results: the first line of their page."""
    return (results / f"{dataset}.md").read_text(encoding="utf-8").partition("\n")[0]


def _table(dataset: str, rows: Sequence[Row], command: str) -> str:
    shown = {metric: title for metric, title in COLUMNS.items() if any(row.metric == metric for row in rows)}
    lines = []
    for name, method, preset, rule in LINES:
        own = [row for row in rows if row.method == method and row.preset in ("none", preset)]
        cells = [
            spread([row.value for row in own if row.metric == metric and _fits(row, rule)])
            for metric in shown
        ]
        seeds = len({row.seed for row in own if row.preset == preset})
        if cells[0]:
            lines.append([name, *cells, str(seeds or "")])
    made = f"[`{dataset}`](benchmarks/results/{dataset}.md), made by {command}:"
    return f"{made}\n\n{table(['', *shown.values(), 'seeds'], lines)}\n"


def _fits(row: Row, rule: str | None) -> bool:
    return rule in (None, row.rule) or row.rule in RULE_FREE


def main() -> None:
    """Rewrite README.md."""
    path = ROOT / "README.md"
    write_atomic(path, rewritten(path.read_text(encoding="utf-8"), RESULTS).encode())


if __name__ == "__main__":
    main()
