"""A task file imported into a running Label Studio, and read back from it.

    aln localize runs/birds photos/ --out found/
    LABEL_STUDIO_TOKEN=... python benchmarks/label_studio.py found/ --url http://localhost:8080

The token is that of *Account & Settings*: a personal access token, or a legacy one. Label Studio has to serve
the folder above `photos/` (docs/annotation-tools.md says how). The new project is kept, to be looked at:

1. the project takes the labelling interface, and the folder of photographs as its storage;
2. its tasks are imported as the editor would do it;
3. each task is read back: its prediction must have the same boxes, brush strokes and scores;
4. boxes in pixels, and strokes, must be those that the results in `found/` give anew;
5. each photograph is fetched from Label Studio: it must be the file on disk, byte by byte.

Writes results/label_studio.json and results/label_studio.md. Exit code 1 where something differs.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import numpy as np

from aln.convert import convert
from aln.errors import AlnError
from aln.export.base import Found
from aln.export.label_studio import brush
from aln.export.pieces import Piece, pieces
from aln.results import open_results

AT_ONCE = 50
"""Tasks in one import."""

WHAT = {
    "tasks": "tasks, with the same data",
    "scores": "predictions, with score and method",
    "rectanglelabels": "boxes, with class and score, in pixels those of the results",
    "brushlabels": "brush strokes, with class and score, byte by byte the code of the results' masks",
    "photographs": "photographs, served byte by byte as on disk",
}


class LabelStudio:
    """Its REST interface, for one user."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url.rstrip("/")
        self.authorization = f"Token {token}"
        if token.count(".") == 2:  # a personal access token (JWT) is exchanged for one that lasts minutes
            access = self.json("POST", "/api/token/refresh/", {"refresh": token})["access"]
            self.authorization = f"Bearer {access}"

    def fetch(self, method: str, path: str, body: object = None) -> bytes:
        """The answer's body.

        Raises:
            AlnError: Where Label Studio can't be reached or refuses; says what it said.
        """
        headers = {"Authorization": self.authorization, "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        try:
            with urlopen(Request(self.url + path, data, headers, method=method), timeout=600) as answer:
                return bytes(answer.read())
        except HTTPError as error:
            said = error.read().decode(errors="replace")[:500]
            raise AlnError(f"{self.url}{path}: Label Studio says {error.code}: {said}") from error
        except URLError as error:
            raise AlnError(
                f"{self.url}: can't be reached ({error.reason}); is Label Studio running?"
            ) from error

    def json(self, method: str, path: str, body: object = None) -> Any:
        """The answer, decoded."""
        return json.loads(self.fetch(method, path, body))


def import_tasks(
    studio: LabelStudio, annotations: Path, tasks: list[dict[str, Any]], photographs: Path
) -> tuple[int, list[int]]:
    """Make a project and import its tasks; returns its id and those of the tasks, in the file's order."""
    interface = (annotations / "interface.xml").read_text(encoding="utf-8")
    project = studio.json("POST", "/api/projects/", {"title": "aln", "label_config": interface})["id"]
    storage = {"project": project, "path": str(photographs), "title": "photographs", "use_blob_urls": True}
    studio.json("POST", "/api/storages/localfiles", storage)
    ids = []
    for start in range(0, len(tasks), AT_ONCE):
        part = tasks[start : start + AT_ONCE]
        answer = studio.json("POST", f"/api/projects/{project}/import?return_task_ids=true", part)
        ids += answer["task_ids"]
    return project, ids


def same(
    studio: LabelStudio, sent: dict[str, Any], task: int, found: Found, photograph: Path
) -> Iterator[str]:
    """Read one task back; yields the key in `WHAT` of each thing that is equal."""
    read = studio.json("GET", f"/api/tasks/{task}/")
    (mine,), (back,) = sent["predictions"], read["predictions"]
    if read["data"] == sent["data"]:
        yield "tasks"
    if (back["score"], back["model_version"]) == (mine["score"], mine["model_version"]):
        yield "scores"
    if studio.fetch("GET", read["data"]["image"]) == photograph.read_bytes():
        yield "photographs"
    objects = [piece for piece in pieces(found) for _ in ("box", "stroke")]
    for piece, ours, region in zip(objects, mine["result"], back["result"], strict=False):
        if {key: region.get(key) for key in ours} == ours and holds(region, piece, found):
            yield region["type"]


def holds(region: dict[str, Any], piece: Piece, found: Found) -> bool:
    """Whether a region that Label Studio gave back is the box, or the mask, of `piece`."""
    value = region["value"]
    if region["type"] == "brushlabels":
        return bool(value["rle"] == brush(piece.mask(found.height, found.width)))
    x, y, width, height = (value[key] for key in ("x", "y", "width", "height"))
    size = np.array([found.width, found.height] * 2)
    return np.allclose(np.array([x, y, x + width, y + height]) * size / 100, piece.box, atol=1e-3)


def expected(tasks: list[dict[str, Any]]) -> Counter[str]:
    """How many of each key in `WHAT` there are."""
    regions = Counter(region["type"] for task in tasks for region in task["predictions"][0]["result"])
    return regions + Counter(dict.fromkeys(("tasks", "scores", "photographs"), len(tasks)))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("found", type=Path, help="what aln localize --out made")
    parser.add_argument("--url", default="http://localhost:8080", help="of the running Label Studio")
    parser.add_argument("--out", type=Path, help="folder for the page and its figures; by default FOUND")
    arguments = parser.parse_args()
    token = os.environ.get("LABEL_STUDIO_TOKEN", "")
    if not token:
        sys.exit("error: LABEL_STUDIO_TOKEN is not set; copy it from Account & Settings in Label Studio")
    try:
        equal = verify(LabelStudio(arguments.url, token), arguments.found, arguments.out or arguments.found)
    except AlnError as error:
        sys.exit(f"error: {error}")
    sys.exit(not equal)


def verify(studio: LabelStudio, folder: Path, out: Path) -> bool:
    """Import and read back the results in `folder`, and write the report; returns whether all is equal.

    Raises:
        AlnError: Where `folder` holds no results, or Label Studio can't be reached or refuses.
    """
    results = open_results(folder)
    (annotations,) = (made for made in convert(folder, ["label-studio"]) if made.name == "label-studio")
    tasks = json.loads((annotations / "tasks.json").read_text(encoding="utf-8"))
    project, ids = import_tasks(studio, annotations, tasks, results.photographs)
    equal: Counter[str] = Counter()
    for sent, task, found in zip(tasks, ids, results, strict=True):
        equal.update(same(studio, sent, task, found, results.photographs / found.image_id))
    wanted = expected(tasks)
    rows = [{"what": key, "imported": wanted[key], "equal": equal[key]} for key in WHAT]
    report(rows, studio.json("GET", "/api/version")["release"], out)
    print(f"The project is {studio.url}/projects/{project}/data")
    return equal == wanted


def report(rows: list[dict[str, Any]], version: str, out: Path) -> None:
    """Write and print the rows."""
    lines = ["# Pre-annotations in a running Label Studio", ""]
    lines += [f"Made by `python benchmarks/label_studio.py` with Label Studio {version}.", ""]
    lines += ["| what | imported | came back equal |", "| --- | ---: | ---: |"]
    lines += [f"| {WHAT[row['what']]} | {row['imported']} | {row['equal']} |" for row in rows]
    out.mkdir(parents=True, exist_ok=True)
    told = [{**row, "label_studio": version} for row in rows]
    (out / "label_studio.json").write_text(json.dumps(told, indent=1) + "\n")
    (out / "label_studio.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
