"""Reviews: read, written and forgotten, one a photograph."""

from __future__ import annotations

from fastapi import APIRouter

from aln.errors import DataError
from aln.web.desk import TheDesk, TheEntry
from aln.web.routes.common import PROBLEMS
from aln.web.schemas import Review

router = APIRouter(prefix="/api/photographs/{key}/review", tags=["review"], responses=PROBLEMS)


@router.get("")
def review(desk: TheDesk, entry: TheEntry) -> Review | None:
    """The review of a photograph, or null where there is none."""
    return desk.reviews.load(entry)


@router.put("", status_code=204)
def save(desk: TheDesk, entry: TheEntry, review: Review) -> None:
    """Write a review. It is checked against the photograph, and on disk when the answer comes."""
    height, width = desk.photograph(entry).shape[:2]
    if review.mask.size != (height, width):
        raise DataError(f"the mask must be of {width}x{height} pixels")
    review.localization(entry.image_id, desk.class_names)
    with desk.writing:
        desk.reviews.save(entry, review)


@router.delete("", status_code=204)
def forget(desk: TheDesk, entry: TheEntry) -> None:
    """Forget the review of a photograph."""
    with desk.writing:
        desk.reviews.remove(entry)
