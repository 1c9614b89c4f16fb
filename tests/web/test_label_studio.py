"""The machine learning backend of Label Studio: it answers what the exporter would write."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import cv2
import pytest
from fastapi.testclient import TestClient

from aln.errors import DataError
from aln.export.label_studio import Names, prediction
from aln.web.desk import Desk
from aln.web.label_studio import entry_at, names_in
from aln.web.workshop import Choice
from tests.export.made_up import CLASS_NAMES, exported
from tests.small_model import photograph, small_localizer

INTERFACE = """<View><Image name="img" value="$photo"/>
  <RectangleLabels name="rect" toName="img"><Label value="ant"/></RectangleLabels>
  <BrushLabels name="brush" toName="img"/><Choices name="c" toName="img"/></View>"""


def results(client: TestClient, **body: Any) -> list[dict[str, Any]]:
    answer = client.post("/predict", json=body)
    assert answer.status_code == 200
    found: list[dict[str, Any]] = answer.json()["results"]
    return found


def test_it_says_that_it_is_well(client: TestClient) -> None:
    assert client.get("/health").json() == {"status": "UP", "model_class": "aln"}
    setup = {"project": "1.2", "schema": INTERFACE, "hostname": "http://ls", "access_token": "t"}
    assert set(client.post("/setup", json=setup).json()) == {"model_version"}


def test_predictions_are_the_exporters(client: TestClient, desk: Desk) -> None:
    tasks = [{"id": n, "data": {"image": f"/data/local-files/?d=photos/{entry.image_id}"}}
             for n, entry in enumerate(desk.album)]  # fmt: skip
    found = results(client, tasks=tasks, project="1", params={"context": None})
    for entry, answer in zip(desk.album, found, strict=True):
        assert answer.pop("model_version").startswith("aln ")
        expected = prediction(desk.localize(entry, Choice()))
        expected.pop("model_version")
        assert answer == expected
        assert {region["type"] for region in answer["result"]} == {"rectanglelabels", "brushlabels"}


def test_the_interfaces_own_names_are_used(client: TestClient) -> None:
    task = {"data": {"other": "z.webp", "photo": "s3://bucket/deep/er/ant/a b.png"}}
    (answer,) = results(client, tasks=[task], label_config=INTERFACE)
    assert {(r["from_name"], r["to_name"]) for r in answer["result"]} == {("rect", "img"), ("brush", "img")}


def test_images_inside_tasks_are_read(client: TestClient) -> None:
    image = photograph(20, 30)
    text = base64.b64encode(cv2.imencode(".png", image[..., ::-1])[1].tobytes()).decode()
    (answer,) = results(client, tasks=[{"data": {"image": f"data:image/png;base64,{text}"}}])
    (found,) = small_localizer().localize([image])
    assert answer["result"] == prediction(found)["result"]


@pytest.mark.parametrize(
    "task",
    [
        {},
        {"data": None},
        {"data": {"image": 3}},
        {"data": {"image": "http://169.254.169.254/secret.png"}},
        {"data": {"image": "file:///etc/passwd"}},
        {"data": {"image": "../photos-secret/a b.png/.."}},
        {"data": {"image": "data:image/png;base64,####"}},
        {"data": {"image": "http://[bad"}},
    ],
    ids=lambda task: str(task)[:40],
)
def test_what_is_not_at_hand_gets_an_empty_prediction(client: TestClient, task: dict[str, Any]) -> None:
    answers = results(client, tasks=[task, {"data": {"image": "z.webp"}}])
    assert (answers[0]["result"], answers[0]["score"]) == ([], 0)
    assert answers[1]["result"]


@pytest.mark.parametrize(
    ("address", "image_id"),
    [
        ("/data/local-files/?d=root/photos/bee/v%C3%B6gel%20%E9%9B%80.jpg", "bee/vögel 雀.jpg"),
        ("/data/upload/3/0a1b2c3d-z.webp", "z.webp"),
        ("http://host/x/bee/x.png?size=3", "bee/x.png"),
        ("/data/upload/3/x.png", None),
        ("", None),
    ],
)
def test_photographs_are_found_by_the_end_of_their_path(
    desk: Desk, address: str, image_id: str | None
) -> None:
    entry = entry_at(desk.album, address)
    assert (entry and entry.image_id) == image_id


@pytest.mark.parametrize(
    ("interface", "expected"),
    [
        (INTERFACE, (Names("img", "rect", "brush"), "photo")),
        ('<View><Image name="i" value="$x"/></View>', (Names("i", None, None), "x")),
        ("<View/>", (Names(box=None, mask=None), None)),
    ],
    ids=["all", "no controls", "no image"],
)
def test_interfaces_are_read(interface: str, expected: tuple[Names, str | None]) -> None:
    assert names_in(interface) == expected


def test_the_exporters_interface_has_the_default_names(tmp_path: Path) -> None:
    text = (exported("label-studio", tmp_path) / "interface.xml").read_text(encoding="utf-8")
    assert names_in(text) == (Names(), "image")
    assert CLASS_NAMES[0] in text


@pytest.mark.parametrize(
    "interface",
    ["<View", "<!DOCTYPE x [<!ENTITY a 'aa'>]><View>&a;</View>", "<View>" + " " * 200_000 + "</View>"],
    ids=["no XML", "entities", "long"],
)
def test_odd_interfaces_are_refused(client: TestClient, interface: str) -> None:
    with pytest.raises(DataError):
        names_in(interface)
    assert client.post("/predict", json={"tasks": [], "label_config": interface}).status_code == 422
