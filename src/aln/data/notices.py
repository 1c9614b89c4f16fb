"""What a data set has to tell a person: a line on standard error, each once in a process."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cache

SHOWN = 20


@cache  # the splits of one data set, and its images and truth, are opened one after the other
def tell(text: str) -> None:
    """Print a line on standard error, unless it was printed before."""
    print(text, file=sys.stderr)


def listed(names: Sequence[str]) -> str:
    """Names with commas; of many the first ones and how many more there are."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
