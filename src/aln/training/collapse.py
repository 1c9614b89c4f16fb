"""Masks that have collapsed: a run that hides nothing, or everything, has nothing more to learn."""

from __future__ import annotations

from aln.errors import DivergedError

COLLAPSED = 0.002
"""Masks that cover less than this of the images, or leave less than this, say nothing any more."""


def check_masks(area: float, epoch: int) -> None:
    """Stop a run whose masks cover nothing or everything.

    Args:
        area: Mean masked fraction of the epoch, 0..1.
        epoch: Number of the epoch, for the message.

    Raises:
        DivergedError: If they do; says what to change.
    """
    if COLLAPSED <= area <= 1 - COLLAPSED:
        return
    covers, change = ("nothing", "Lower") if area < 0.5 else ("everything", "Raise")
    raise DivergedError(
        f"the masks have collapsed: they cover {covers} (mean area {area:.4f} in epoch {epoch}). "
        f"The checkpoint of the epoch before is kept. {change} balance.area_weight, or set "
        "balance.steer=area to hold the mean area, and train again"
    )
