"""The album: listing, sending, pictures, and what the model finds in each."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from aln.web import pictures
from aln.web.album import Entry
from aln.web.desk import Desk, TheDesk, TheEntry
from aln.web.routes.common import IMAGE_BODY, PROBLEMS, Body, TheChoice
from aln.web.schemas import Box, Mask, Result, boxes_of

router = APIRouter(prefix="/api/photographs", tags=["photographs"], responses=PROBLEMS)


class Listed(BaseModel):
    """A photograph of the album, and how far its review is."""

    key: str
    name: str
    state: Literal["new", "draft", "accepted"]


@router.get("")
def photographs(desk: TheDesk) -> list[Listed]:
    """All photographs, in order; looks into the folder again."""
    with desk.writing:
        return [_listed(desk, entry) for entry in desk.album.refresh()]


@router.post("", openapi_extra=IMAGE_BODY)
def send(
    desk: TheDesk, body: Body, name: Annotated[str, Query(max_length=1000, description="Its file name")]
) -> Listed:
    """Add a photograph to the album; it is kept in the review folder."""
    with desk.workshop.lock, desk.writing:
        return _listed(desk, desk.album.add(name, body))


@router.get("/{key}/picture", response_class=Response, responses=pictures.CONTENT)
def picture(desk: TheDesk, entry: TheEntry) -> Response:
    """The photograph for the screen: upright, its longer side at most 1600 pixels."""
    data, media_type = pictures.photograph(desk.photograph(entry))
    return Response(data, media_type=media_type)


@router.get("/{key}/heat", response_class=Response, responses=pictures.CONTENT)
def heat(desk: TheDesk, entry: TheEntry, choice: TheChoice) -> Response:
    """The score map as a picture to lay over the photograph."""
    return Response(pictures.heat_map(desk.score_map(entry, choice)), media_type="image/png")


@router.get("/{key}/superpixels", response_class=Response, responses=pictures.BYTES)
def superpixels(desk: TheDesk, entry: TheEntry) -> Response:
    """Superpixels of the photograph scaled down: little-endian uint32, width, height, a label a pixel."""
    labels = desk.workshop.superpixels(desk.photograph(entry))
    height, width = labels.shape
    values = np.concatenate([[width, height], labels.ravel()]).astype("<u4")
    return Response(values.tobytes(), media_type="application/octet-stream")


@router.get("/{key}/localization")
def localization(desk: TheDesk, entry: TheEntry, choice: TheChoice) -> Result:
    """What the model finds in the photograph."""
    return Result.of(desk.localize(entry, choice), entry.name)


@router.post("/{key}/boxes")
def boxes(desk: TheDesk, entry: TheEntry, choice: TheChoice, mask: Mask) -> list[Box]:
    """Boxes around the parts of a mask that somebody changed, best first."""
    return boxes_of(desk.boxed(entry, choice, mask.decoded()))


def _listed(desk: Desk, entry: Entry) -> Listed:
    return Listed(key=entry.key, name=entry.name, state=desk.reviews.states.get(entry.key, "new"))
