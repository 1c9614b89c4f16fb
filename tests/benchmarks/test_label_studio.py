"""The check of a running Label Studio, against one that is made up: it sees what came back changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import cv2
import numpy as np
import pytest
from benchmarks.label_studio import WHAT, LabelStudio, verify

from tests.export.made_up import CLASS_NAMES, NESTED, write_photographs

Task = dict[str, Any]


class MadeUp(LabelStudio):
    """Keeps tasks in memory, and spoils them as `spoil` does."""

    def __init__(self, root: Path, spoil: Callable[[Task], object]) -> None:
        super().__init__("http://made.up", "0123")
        self.root, self.spoil, self.tasks = root, spoil, list[Task]()

    def fetch(self, method: str, path: str, body: Any = None) -> bytes:
        where = urlsplit(path)
        if where.path == "/data/local-files/":
            return (self.root / parse_qs(where.query)["d"][0]).read_bytes()
        if where.path.endswith("/import"):
            self.tasks += json.loads(json.dumps(body))
            self.spoil(self.tasks[0])
            answer: object = {"task_ids": list(range(len(self.tasks) - len(body), len(self.tasks)))}
        elif where.path.startswith("/api/tasks/"):
            answer = self.tasks[int(where.path.split("/")[3])]
        else:
            answer = {"id": 1, "release": "0.0"}
        return json.dumps(answer).encode()


@pytest.fixture
def found(tmp_path: Path) -> Path:
    """Results as they lie on disk."""
    folder = tmp_path / "found"
    write_photographs(tmp_path / "photos", NESTED)
    rows = []
    for result in NESTED:
        mask = folder / "masks" / f"{result.image_id}.png"
        mask.parent.mkdir(parents=True, exist_ok=True)
        mask.write_bytes(cv2.imencode(".png", result.mask.astype(np.uint8) * 255)[1].tobytes())
        size = {"width": result.width, "height": result.height}
        boxes = {"boxes": result.boxes.tolist(), "scores": result.box_scores.tolist()}
        named = {"image": result.image_id, "label": result.class_name, "method": result.method}
        rows.append(json.dumps({**named, **size, **boxes}) + "\n")
    (folder / "localizations.jsonl").write_text("".join(rows), encoding="utf-8")
    manifest = {"classes": CLASS_NAMES, "photographs": str(tmp_path / "photos")}
    (folder / "run.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def result_of(task: Task) -> list[Task]:
    regions: list[Task] = task["predictions"][0]["result"]
    return regions


@pytest.mark.parametrize(
    ("spoil", "changed"),
    [
        (lambda task: None, None),
        (lambda task: task["data"].update(more=1), "tasks"),
        (lambda task: task["predictions"][0].update(score=0.5), "scores"),
        (lambda task: result_of(task)[0]["value"].update(x=1.0), "rectanglelabels"),
        (lambda task: result_of(task)[1]["value"]["rle"].append(0), "brushlabels"),
        (lambda task: result_of(task).pop(), "brushlabels"),
    ],
    ids=["nothing", "data", "score", "box", "stroke", "a stroke is lost"],
)
def test_what_came_back_changed_is_seen(
    found: Path, tmp_path: Path, spoil: Callable[[Task], object], changed: str | None
) -> None:
    equal = verify(MadeUp(tmp_path, spoil), found, tmp_path / "results")
    assert equal == (changed is None)
    rows = json.loads((tmp_path / "results" / "label_studio.json").read_text())
    assert [row["what"] for row in rows] == list(WHAT)
    assert [row["what"] for row in rows if row["equal"] != row["imported"]] == ([changed] if changed else [])
    assert "| came back equal |" in (tmp_path / "results" / "label_studio.md").read_text()
