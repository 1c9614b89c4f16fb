"""The application: routes, the page's files, and errors as one line of JSON."""

from __future__ import annotations

import json
from importlib.metadata import version
from importlib.resources import files
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from aln.errors import AlnError
from aln.web.album import UnknownPhotographError
from aln.web.desk import Desk
from aln.web.reviews import OutdatedReviewError
from aln.web.routes import ROUTERS
from aln.web.safety import Guard

STATUSES = {UnknownPhotographError: 404, OutdatedReviewError: 412}
"""What errors are answered with; all others of aln's with 422."""


class Json(JSONResponse):
    """JSON in ASCII: names of files may hold what is no valid text."""

    def render(self, content: Any) -> bytes:
        """`content` as JSON."""
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode("ascii")


def create_app(desk: Desk, token: str | None = None) -> ASGIApp:
    """The application for a desk; with a `token`, who asks must bring it."""
    app = FastAPI(
        title="aln",
        version=version("aln"),
        summary="Where is the object? Boxes and masks from a model that learnt from class folders alone.",
        openapi_url="/api/openapi.json",
        docs_url=None,  # their pages fetch scripts from elsewhere
        redoc_url=None,
        default_response_class=Json,
    )
    app.state.desk = desk
    for router in ROUTERS:
        app.include_router(router)
    app.mount("/", StaticFiles(directory=str(files("aln.web") / "static"), html=True))
    app.add_exception_handler(AlnError, _told)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(Exception, _unexpected)
    return Guard(app, token)


def _told(_: Request, error: Exception) -> Json:
    status = next((status for kind, status in STATUSES.items() if isinstance(error, kind)), 422)
    return Json({"error": str(error)}, status)


def _invalid(_: Request, error: Exception) -> Json:
    faults = error.errors() if isinstance(error, RequestValidationError) else []
    lines = [f"{'.'.join(map(str, fault['loc'][1:])) or 'body'}: {fault['msg']}" for fault in faults[:5]]
    return Json({"error": "; ".join(lines)}, 422)


def _refused(request: Request, error: Exception) -> Json:
    if not isinstance(error, HTTPException):
        return _unexpected(request, error)
    return Json({"error": str(error.detail)}, error.status_code, headers=error.headers)


def _unexpected(_: Request, __: Exception) -> Json:
    return Json({"error": "something went wrong inside; the terminal of aln web says what"}, 500)
