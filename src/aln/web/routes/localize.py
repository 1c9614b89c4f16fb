"""For other programs: an image in, what is found out."""

from __future__ import annotations

from fastapi import APIRouter

from aln.data.images import decode
from aln.web.album import MAX_PIXELS
from aln.web.desk import TheDesk
from aln.web.routes.common import IMAGE_BODY, PROBLEMS, Body, TheChoice
from aln.web.schemas import Result

router = APIRouter(prefix="/api", tags=["localize"], responses=PROBLEMS)


@router.post("/localize", openapi_extra=IMAGE_BODY)
def localize(desk: TheDesk, body: Body, choice: TheChoice) -> Result:
    """Find the object in an image; nothing is kept. The body is the image file itself.

    `curl --data-binary @photo.jpg -H 'Content-Type: application/octet-stream' localhost:8321/api/localize`
    """
    with desk.workshop.lock:  # one image at a time is decoded, so that memory stays bounded
        image = decode(body, "the image", MAX_PIXELS)
    return Result.of(desk.workshop.localize(image, "image", choice), "image")
