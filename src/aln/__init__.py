"""`aln`: boxes and masks from image-level labels alone.

model = aln.load("runs/birds")
for found in model.localize(paths):
    found.boxes, found.mask, found.score_map, found.label
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aln.localization import Localization
    from aln.localizer import Localizer, load

    __version__: str

__all__ = ["Localization", "Localizer", "__version__", "load"]

_HOMES = {"load": "aln.localizer", "Localizer": "aln.localizer", "Localization": "aln.localization"}


def __getattr__(name: str) -> Any:
    """Import on first use: torch alone takes more than a second, and `aln --help` needs none of it."""
    if name == "__version__":
        value = import_module("importlib.metadata").version("aln")
    elif name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
    else:
        raise AttributeError(f"module 'aln' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
