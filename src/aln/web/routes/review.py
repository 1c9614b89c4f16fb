"""Reviews: read, written and forgotten, one a photograph."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from aln.errors import DataError
from aln.web.desk import TheDesk, TheEntry
from aln.web.routes.common import OUTDATED, PROBLEMS, Known
from aln.web.schemas import Review

router = APIRouter(prefix="/api/photographs/{key}/review", tags=["review"], responses=PROBLEMS)

Version = Annotated[
    str | None,
    Query(pattern=r"^[0-9a-z]{8,64}$", description="What this review is called; default: made up"),
]


@router.get("")
def review(desk: TheDesk, entry: TheEntry, response: Response) -> Review | None:
    """The review of a photograph, or null where there is none; ETag is its version."""
    review, version = desk.reviews.versioned(entry)
    response.headers["ETag"] = _tag(version)
    return review


@router.put("", status_code=204, responses=OUTDATED)
def save(
    desk: TheDesk,
    entry: TheEntry,
    review: Review,
    *,
    known: Known,
    response: Response,
    version: Version = None,
) -> None:
    """Write a review. It is checked against the photograph, and on disk when the answer comes."""
    height, width = desk.photograph(entry).shape[:2]
    if review.mask.size != (height, width):
        raise DataError(f"the mask must be of {width}x{height} pixels")
    review.localization(entry.image_id, desk.class_names)
    with desk.writing:
        response.headers["ETag"] = _tag(desk.reviews.save(entry, review, version, known))


@router.delete("", status_code=204, responses=OUTDATED)
def forget(desk: TheDesk, entry: TheEntry, known: Known) -> None:
    """Forget the review of a photograph."""
    with desk.writing:
        desk.reviews.remove(entry, known)


def _tag(version: str) -> str:
    return f'"{version}"'
