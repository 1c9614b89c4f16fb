"""Rows as JSON, as Markdown and as a table on the terminal.

Tables have one line for each method and rule. A cell is the mean over training seeds, ± the standard
deviation between them where there are several, and the 95 % interval over the images (the seeds' mean ends).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from statistics import fmean, stdev
from typing import TypeVar

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from aln.errors import DataError
from aln.evaluation.differences import Difference
from aln.evaluation.rows import BEST_THRESHOLD, RULE_FREE, SMALL_SUFFIX, Row
from aln.evaluation.trivial import TRIVIAL_METHODS
from aln.files import write_atomic

COLUMNS = {
    "metric_1": "Metric 1",
    "metric_2": "Metric 2",
    "max_box_acc": f"MaxBoxAcc ({BEST_THRESHOLD})",
    "max_box_acc_v2": f"MaxBoxAccV2 ({BEST_THRESHOLD})",
    "px_ap": "PxAP",
    "mask_iou": "mask IoU",
    "pointing": "pointing",
    "classification_accuracy": "accuracy",
}
"""Metrics in the order of a table's columns, and their headings."""


ACCURACY = COLUMNS["classification_accuracy"]
SHARED = ("preset", "seeds", "images")

Entry = TypeVar("Entry", Row, Difference)


@dataclass(frozen=True)
class _Section:
    """A table: one data set, protocol and subset; its heading, its column headings, and its lines."""

    title: str
    header: list[str]
    lines: list[list[str]]


def write_rows(rows: Sequence[Row | Difference], path: Path) -> None:
    """Write rows or differences as a flat JSON list, whole or not at all.

    Raises:
        DataError: If the file can't be written.
    """
    text = json.dumps([asdict(row) for row in rows], indent=1, allow_nan=False) + "\n"
    try:
        write_atomic(path, text.encode())
    except OSError as error:
        raise DataError(f"{path}: can't be written ({error.strerror})") from error


def read_rows(path: Path) -> list[Row]:
    """Read the rows that `write_rows` wrote.

    Raises:
        DataError: If the file is missing or holds anything else; names it.
    """
    return _read(path, Row, "result rows")


def read_differences(path: Path) -> list[Difference]:
    """Read the differences that `write_rows` wrote.

    Raises:
        DataError: If the file is missing or holds anything else; names it.
    """
    found = _read(path, Difference, "differences")
    return [replace(difference, seeds=tuple(difference.seeds)) for difference in found]


def _read(path: Path, kind: type[Entry], name: str) -> list[Entry]:
    try:
        tree = json.loads(path.read_text(encoding="utf-8"))
        return [kind(**entry) for entry in tree]
    except OSError as error:
        raise DataError(f"{path}: can't be read ({error.strerror})") from error
    except (ValueError, TypeError) as error:
        names = ", ".join(field.name for field in fields(kind))
        raise DataError(f"{path}: is no list of {name} with the fields {names} ({error})") from error


def markdown(rows: Sequence[Row]) -> str:
    """Rows as Markdown tables, one for each data set and subset; trivial methods are in italics."""
    parts = []
    for section in _sections(rows):
        lines = [section.header, ["---"] * len(section.header), *section.lines]
        body = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        parts.append(f"### {section.title}\n\n{body}\n")
    return "\n".join(parts)


def tables(rows: Sequence[Row]) -> list[Table]:
    """Rows as rich tables, one for each data set and subset, turned on their side to be narrow.

    One column a method, dimmed where it is trivial; what all have in common stands below. The smaller half
    is left out where every image belongs to it.
    """
    sections = list(_sections(rows))
    told = [(section.header, section.lines) for section in sections]
    return [_terminal_table(section) for i, section in enumerate(sections) if told[i] not in told[:i]]


def _terminal_table(section: _Section) -> Table:
    lines = [line for line in section.lines if line[0] != "classifier"] or section.lines
    headings = dict(zip(section.header, zip(*lines, strict=True), strict=True))
    accuracies = dict(zip(section.header, zip(*section.lines, strict=True), strict=True)).get(ACCURACY, ())
    told = [f"{name} {headings[name][0]}" for name in SHARED if len(set(headings[name])) == 1]
    told += [f"classifier {ACCURACY} {cell}" for cell in accuracies if cell]
    table = Table(box=SIMPLE_HEAD, title=section.title, caption=", ".join(told), padding=(0, 1, 0, 0))
    table.title_justify = table.caption_justify = "left"
    table.add_column("method", overflow="fold", min_width=len("MaxBoxAccV2"))
    for name in headings["method"]:
        plain = name.strip("*")
        heading = plain.replace(" (", "\n(")
        width = max(map(len, heading.split("\n")))  # on a narrow terminal figures fold, names stay whole
        table.add_column(
            Text(heading), overflow="fold", style="dim" if plain != name else "", min_width=width
        )
    for name, cells in headings.items():
        shared = name in SHARED and len(set(cells)) == 1
        if name not in ("method", ACCURACY) and not shared and any(cells):
            # Text, so that no "[...]" is taken for markup
            table.add_row(
                Text(name.replace(" (", "\n(")), *(Text(cell.replace(" [", "\n[")) for cell in cells)
            )
    return table


def _sections(rows: Sequence[Row]) -> Iterator[_Section]:
    for dataset, protocol in dict.fromkeys((row.dataset, row.protocol) for row in rows):
        for suffix, subset in (("", "all images"), (SMALL_SUFFIX, "smaller half")):
            chosen = [
                row
                for row in rows
                if (row.dataset, row.protocol) == (dataset, protocol)
                and row.metric.endswith(SMALL_SUFFIX) == bool(suffix)
            ]
            if chosen:
                yield _section(f"{dataset}, {subset} (protocol {protocol})", chosen, suffix)


def _section(title: str, rows: list[Row], suffix: str) -> _Section:
    present = [name for name in COLUMNS if any(row.metric == name + suffix for row in rows)]
    header = ["method", "preset", "rule", *(COLUMNS[name] for name in present), "seeds", "images", "ms/image"]
    lines = []
    for method, preset, rule in _line_keys(rows):
        own = [row for row in rows if (row.method, row.preset) == (method, preset)]
        own = [row for row in own if row.rule == rule or row.rule in RULE_FREE]
        cells = [_cell([row for row in own if row.metric == name + suffix]) for name in present]
        seeds = len({row.seed for row in own})
        images = max(row.n_images for row in own)
        name = f"*{method} (trivial)*" if method in TRIVIAL_METHODS else method
        speed = f"{fmean(row.ms_per_image for row in own):.2f}"
        lines.append([name, preset, rule, *cells, str(seeds), str(images), speed])
    return _Section(title, header, lines)


def _line_keys(rows: list[Row]) -> list[tuple[str, str, str]]:
    """Method, preset and rule of each line: figures that need no rule stand on every line of their method."""
    keys = dict.fromkeys((row.method, row.preset, row.rule) for row in rows)
    ruled = {key[:2] for key in keys if key[2] not in RULE_FREE}
    return [key for key in keys if key[2] not in RULE_FREE or key[:2] not in ruled]


def _cell(rows: list[Row]) -> str:
    if not rows:
        return ""
    spread = f" ± {stdev(row.value for row in rows):.1f}" if len(rows) > 1 else ""
    low, high = fmean(row.ci_low for row in rows), fmean(row.ci_high for row in rows)
    return f"{fmean(row.value for row in rows):.1f}{spread} [{low:.1f}, {high:.1f}]"
