"""What Label Studio's tasks and labelling interface mean here."""

from __future__ import annotations

import base64
import binascii
import logging
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree

from aln.data.base import Image
from aln.data.images import decode
from aln.errors import DataError
from aln.export.label_studio import Names, prediction
from aln.localization import Localization
from aln.web.album import MAX_PIXELS, Album, Entry
from aln.web.desk import Desk
from aln.web.workshop import Choice

LOG = logging.getLogger("uvicorn.error")
LONGEST_INTERFACE = 100_000


def names_in(interface: str) -> tuple[Names, str | None]:
    """The controls of a labelling interface, and the task's field that holds the image (None: it isn't said).

    Raises:
        DataError: If it is no XML.
    """
    if len(interface) > LONGEST_INTERFACE or "<!" in interface.replace("<!--", ""):
        raise DataError("the labelling interface is too long, or has a document type; simplify it")
    try:
        root = ElementTree.fromstring(interface)
    except ElementTree.ParseError as error:
        raise DataError(f"the labelling interface is no XML ({error})") from error
    image = root.find(".//Image")
    if image is None:
        return Names(box=None, mask=None), None
    name = image.get("name", "image")
    controls = {
        kind: next((c.get("name") for c in root.iter(kind) if c.get("toName") == name), None)
        for kind in ("RectangleLabels", "BrushLabels")
    }
    field = image.get("value", "$image").removeprefix("$")
    return Names(name, controls["RectangleLabels"], controls["BrushLabels"]), field


def predictions(desk: Desk, tasks: list[dict[str, Any]], interface: str | None) -> list[dict[str, Any]]:
    """A prediction for each task; an empty one, and a line in the log, where its photograph isn't at hand.

    Photographs are looked for in the album (by the end of the path that the task names) and in the task
    itself (`data:` addresses). Nothing is fetched from anywhere.

    Raises:
        DataError: If the interface can't be read.
    """
    names, field = names_in(interface) if interface else (Names(), None)
    return [_predicted(desk, task, names, field) for task in tasks]


def _predicted(desk: Desk, task: dict[str, Any], names: Names, field: str | None) -> dict[str, Any]:
    data = task.get("data")
    fields = data if isinstance(data, dict) else {}
    addresses = [fields.get(field)] if field else list(fields.values())
    texts = [text for text in addresses if isinstance(text, str)]
    try:
        return prediction(next(_found(desk, texts)), names)
    except StopIteration:
        reason = "its photograph is not in the folder given by --images"
    except DataError as error:
        reason = str(error)
    LOG.warning("Label Studio: no prediction for task %r: %s", task.get("id"), reason)
    return {"result": [], "score": 0.0}


def _found(desk: Desk, addresses: list[str]) -> Iterator[Localization]:
    for address in addresses:
        if address.startswith("data:"):
            yield desk.workshop.localize(_embedded(address), "image", Choice())
        elif (entry := entry_at(desk.album, address)) is not None:
            yield desk.localize(entry, Choice())


def entry_at(album: Album, address: str) -> Entry | None:
    """The photograph of the album whose id is the longest end of the path in an address.

    Label Studio puts eight characters and a dash before the names of files that were imported through its
    page; they are left out where the name with them isn't known.
    """
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    local = parse_qs(parts.query).get("d")
    path = PurePosixPath(local[0] if local else unquote(parts.path)).parts
    for start in range(len(path)):
        if entry := album.by_id("/".join(path[start:])):
            return entry
    imported = path[-1].partition("-")[2] if path and "/upload/" in parts.path else ""
    return album.by_id(imported) if imported else None


def _embedded(address: str) -> Image:
    header, _, text = address.partition(",")
    try:
        data = base64.b64decode(text, validate=True) if header.endswith(";base64") else text.encode()
    except (binascii.Error, ValueError) as error:
        raise DataError("the image in the task is no base64") from error
    return decode(data, "the image in the task", MAX_PIXELS)
