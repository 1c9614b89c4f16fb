"""The reviewed set for other programs: written into the review folder, and as an archive to take along."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Annotated
from zipfile import ZIP_DEFLATED, ZipFile

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from aln.convert import Tell, nobody
from aln.export import FORMATS
from aln.web.desk import Desk, TheDesk
from aln.web.pictures import BYTES
from aln.web.reviewed import CLASS_FOLDER, accepted, export
from aln.web.routes.common import PROBLEMS

router = APIRouter(prefix="/api/export", tags=["export"], responses=PROBLEMS)
TheFormat = Annotated[str, Query(alias="format", description="See /api/model")]

IN_MEMORY = 2**24
CHUNK = 2**16


class Exported(BaseModel):
    """What was written."""

    folder: str
    photographs: int
    told: str = ""


@router.post("")
def write(desk: TheDesk, name: TheFormat) -> Exported:
    """Write all accepted reviews in a format into the review folder."""
    told: list[str] = []
    with desk.writing:
        folder = _written(desk, name, told.append)
        count = sum(1 for _ in accepted(desk))
    return Exported(folder=str(folder), photographs=count, told="; ".join(told))


@router.get("/archive", response_class=StreamingResponse, responses=BYTES)
def archive(desk: TheDesk, name: TheFormat) -> StreamingResponse:
    """The same as a ZIP archive; links to the photographs are left out."""
    with desk.writing:
        folder = _written(desk, name)
        file = _zipped(folder)
    headers = {"Content-Disposition": f'attachment; filename="{folder.name}.zip"'}
    return StreamingResponse(_chunks(file), media_type="application/zip", headers=headers)


def _written(desk: Desk, name: str, tell: Tell = nobody) -> Path:
    return export(desk, name if name == CLASS_FOLDER else FORMATS[name].name, tell)


def _zipped(folder: Path) -> IO[bytes]:
    with ExitStack() as on_error:
        file = on_error.enter_context(tempfile.SpooledTemporaryFile(IN_MEMORY))
        with ZipFile(file, "w", ZIP_DEFLATED) as archive:
            for path in _files(folder):
                archive.write(path, path.relative_to(folder.parent))
        file.seek(0)
        on_error.pop_all()  # closed when it is sent
    return file


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_symlink():
            continue
        if path.is_dir():
            yield from _files(path)
        else:
            yield path


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(CHUNK):
            yield chunk
