"""Cells of the page's tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import fmean, stdev

from aln.evaluation.differences import Difference


def table(header: Sequence[str], lines: Iterable[Sequence[str]], *, left: int = 1) -> str:
    """A Markdown table whose columns from `left` on are aligned to the right."""
    rule = ["---" if i < left else "---:" for i in range(len(header))]
    return "\n".join(f"| {' | '.join(line)} |" for line in (header, rule, *lines))


def signed(difference: Difference | None) -> str:
    """A difference with its sign and interval, bold where that leaves out 0."""
    if difference is None:
        return ""
    text = f"{difference.value:+.1f} [{difference.ci_low:+.1f}, {difference.ci_high:+.1f}]"
    return f"**{text}**" if difference.ci_low > 0 or difference.ci_high < 0 else text


def spread(values: Sequence[float]) -> str:
    """Mean, and ± the standard deviation where there are several; nothing where there is none."""
    if not values:
        return ""
    return f"{fmean(values):.1f}" + (f" ± {stdev(values):.1f}" if len(values) > 1 else "")
