"""Parameters and answers that several routes share."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Depends, Header, Query, Request

from aln.web.schemas import Problem
from aln.web.workshop import Choice

PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "What was sent can't be read"},
    401: {"model": Problem, "description": "The token is missing or wrong"},
    403: {
        "model": Problem,
        "description": "Sent by a page of another site, or to another name than this one's",
    },
    404: {"model": Problem, "description": "There is no such thing"},
    413: {"model": Problem, "description": "Too large"},
    422: {"model": Problem, "description": "A value or photograph can't be used; says why"},
}

OUTDATED: dict[int | str, dict[str, Any]] = {
    412: {"model": Problem, "description": "Changed since; If-Match doesn't name the version that is there"}
}

IMAGE_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The image file itself: JPEG, PNG, WebP, TIFF, ...",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
"""OpenAPI's words for a body that is an image file."""


async def _body(request: Request) -> bytes:
    return await request.body()


def _choice(
    method: Annotated[str | None, Query(description="See /api/model; default: the model's own")] = None,
    rule: Annotated[str | None, Query(description="Threshold rule, e.g. paper, otsu, fixed:0.5")] = None,
    label: Annotated[
        str | None,
        Query(description="Class to localize; default: the classifier's first, or as aln web was told"),
    ] = None,
    boxes: Annotated[Literal["largest", "all"] | None, Query(description="One box or several")] = None,
) -> Choice:
    return Choice(method, rule, label, boxes)


def _known(
    if_match: Annotated[
        str | None, Header(description="Versions (ETag) that may be written over; default: any")
    ] = None,
) -> list[str] | None:
    tags = [tag.strip().removeprefix("W/").strip('"') for tag in (if_match or "*").split(",")]
    return None if "*" in tags else tags


Body = Annotated[bytes, Depends(_body)]
TheChoice = Annotated[Choice, Depends(_choice)]
Known = Annotated[list[str] | None, Depends(_known)]
