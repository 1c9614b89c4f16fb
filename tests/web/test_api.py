"""The addresses of the page: what they answer, compared with the localizer and the files on disk."""

from __future__ import annotations

import io
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import cv2
import numpy as np
import pytest
from fastapi.testclient import TestClient
from numpy.typing import NDArray

from aln.score_map import fine_superpixels
from aln.web import pictures
from aln.web.desk import Desk, open_desk
from aln.web.schemas import Mask
from aln.web.workshop import Choice
from tests.small_model import photograph, small_localizer
from tests.web.conftest import NAMES, SIZES, client_of, keys


def decoded(data: bytes, how: int = cv2.IMREAD_COLOR_RGB) -> NDArray[np.uint8]:
    return np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), how), np.uint8)


def png(image: NDArray[np.uint8]) -> bytes:
    return cv2.imencode(".png", image[..., ::-1])[1].tobytes()


def test_the_model_says_what_can_be_chosen(client: TestClient, desk: Desk) -> None:
    model = client.get("/api/model").json()
    assert model["classes"] == list(desk.class_names)
    settings = desk.workshop.localizer.config.localize
    own = (settings.method, settings.rule, settings.boxes)
    assert (model["method"], model["rule"], model["boxes"], model["folder"]) == (*own, "photos")
    numbers = {rule["name"]: rule["number"] for rule in model["rules"]}
    assert numbers["paper"] is None
    assert numbers["fixed"] == {"meaning": "threshold", "low": 0, "high": 1}
    assert model["formats"][-1]["name"] == "class-folder"


@pytest.mark.parametrize(("method", "rule", "label"), [("aln", "paper", None), ("cam", "max:0.3", "bee")])
def test_localize_answers_what_the_localizer_finds(
    client: TestClient, method: str, rule: str, label: str | None
) -> None:
    image = photograph(40, 50)
    localizer = small_localizer()
    labels = None if label is None else [localizer.class_names.index(label)]
    (found,) = localizer.localize([image], method=method, rule=rule, labels=labels)
    given = {"method": method, "rule": rule} | ({"label": label} if label else {})
    answer = client.post("/api/localize", content=png(image), params=given)
    assert answer.status_code == 200
    result = answer.json()
    assert [[b["x0"], b["y0"], b["x1"], b["y1"]] for b in result["boxes"]] == found.boxes.tolist()
    assert np.allclose([b["score"] for b in result["boxes"]], found.box_scores)
    assert np.array_equal(Mask(**result["mask"]).decoded(), found.mask)
    assert (result["label"], result["width"], result["height"]) == (found.class_name, 50, 40)
    assert np.allclose(list(result["probabilities"].values()), found.probabilities)


@pytest.mark.parametrize(
    ("body", "params", "problem"),
    [
        (b"", {}, "is empty"),
        (b"nonsense", {}, "not an image"),
        (b"GOOD", {"method": "camm"}, "did you mean 'cam'"),
        (b"GOOD", {"rule": "fixed:9"}, "out of range"),
        (b"GOOD", {"label": "wolf"}, "no class 'wolf'"),
        (b"GOOD", {"boxes": "some"}, "boxes: Input should be 'largest' or 'all'"),
    ],
    ids=["empty", "no image", "method", "rule", "class", "boxes"],
)
def test_what_cannot_be_localized_is_said(
    client: TestClient, body: bytes, params: dict[str, str], problem: str
) -> None:
    content = png(photograph(9, 9)) if body == b"GOOD" else body
    answer = client.post("/api/localize", content=content, params=params)
    assert answer.status_code == 422
    assert problem in answer.json()["error"]


def test_eight_clients_at_once_get_their_own_answers(desk: Desk) -> None:
    images = [photograph(24 + 5 * seed, 40 - 3 * seed, seed) for seed in range(8)]
    alone = small_localizer()
    expected = [next(alone.localize([image])).to_dict() for image in images]

    clients = [client_of(desk) for _ in images]
    # FastAPI makes its routes with the first request, and threads share the filters of warnings
    for client in clients:
        client.post("/api/localize", content=png(images[0]))

    def ask(seed: int) -> dict[str, Any]:
        answers = [clients[seed].post("/api/localize", content=png(images[seed])).json() for _ in range(3)]
        assert answers[0] == answers[1] == answers[2]
        result: dict[str, Any] = answers[0]
        return result

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(ask, range(8)))
    for answer, right in zip(found, expected, strict=True):
        boxes = [[b["x0"], b["y0"], b["x1"], b["y1"]] for b in answer["boxes"]]
        assert (answer["width"], answer["label"], boxes) == (right["width"], right["label"], right["boxes"])


def test_photographs_are_listed_and_shown(client: TestClient) -> None:
    assert sorted(keys(client)) == sorted(NAMES)
    for seed, (name, size) in enumerate(zip(NAMES, SIZES, strict=True)):
        answer = client.get(f"/api/photographs/{keys(client)[name]}/picture")
        assert answer.headers["Content-Type"] == "image/png"
        if name.endswith(".png"):
            assert np.array_equal(decoded(answer.content), photograph(*size, seed=seed))


def test_large_photographs_are_scaled_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "PHOTOGRAPH_SIDE", 30)
    monkeypatch.setattr(pictures, "SMALL", 100)
    data, media_type = pictures.photograph(photograph(40, 60))
    assert (decoded(data).shape, media_type) == ((20, 30, 3), "image/jpeg")


def test_heat_and_superpixels(client: TestClient, desk: Desk) -> None:
    for entry in desk.album:
        image = desk.photograph(entry)
        heat = decoded(
            client.get(f"/api/photographs/{entry.key}/heat?method=cam").content, cv2.IMREAD_UNCHANGED
        )
        score_map = desk.localize(entry, Choice("cam")).score_map
        assert np.array_equal(heat[..., 3], np.rint(score_map * 255).astype(np.uint8))
        values = np.frombuffer(client.get(f"/api/photographs/{entry.key}/superpixels").content, "<u4")
        labels = values[2:].reshape(values[1], values[0])
        assert np.array_equal(labels, fine_superpixels(image, desk.workshop.localizer.config.superpixels))


def test_a_photograph_is_sent_and_localized(client: TestClient) -> None:
    image = photograph(33, 44)
    sent = client.post("/api/photographs?name=new.png", content=png(image)).json()
    assert sent == {"key": sent["key"], "name": "uploads/new.png", "state": "new"}
    assert keys(client)["uploads/new.png"] == sent["key"]
    found = client.get(f"/api/photographs/{sent['key']}/localization").json()
    assert (found["width"], found["height"]) == (44, 33)


def review_of(client: TestClient, key: str, **changes: object) -> dict[str, Any]:
    result = client.get(f"/api/photographs/{key}/localization").json()
    kept = {name: result[name] for name in ("label", "boxes", "mask", "method", "rule")}
    return kept | changes


def test_the_class_of_the_folder_is_found_at_first(desk: Desk, album_folder: Path) -> None:
    classes = desk.class_names
    album_folder = album_folder.rename(album_folder.with_name(classes[2]))
    for name, label in (("ant", classes[-1]), ("bee", classes[0])):
        (album_folder / name).rename(album_folder / label)
    localizer, out = desk.workshop.localizer, album_folder.parent / "sorted"
    client = client_of(open_desk(localizer, album_folder, out, "folder"))
    listed = keys(client)
    sent = client.post("/api/photographs", params={"name": "s.png"}, content=png(photograph(30, 40)))
    for name, key in (*listed.items(), ("sent", sent.json()["key"])):
        found = client.get(f"/api/photographs/{key}/localization").json()
        folder = classes[2] if name == "z.webp" else name.split("/")[0]
        assert found["label"] == (found["predicted"] if name == "sent" else folder)
        assert found["predicted"] in classes
        heat = client.get(f"/api/photographs/{key}/heat").content
        told = client.get(f"/api/photographs/{key}/heat", params={"label": found["label"]}).content
        assert heat == told
        chosen = client.get(f"/api/photographs/{key}/localization", params={"label": classes[1]}).json()
        assert chosen["label"] == classes[1]


def test_boxes_follow_a_mask(client: TestClient) -> None:
    key = keys(client)["ant/a b.png"]
    mask = np.zeros((48, 64), bool)
    mask[3:9, 10:20] = mask[30:40, 50:60] = True
    for mode, expected in (("largest", [[50, 30, 60, 40]]), ("all", [[10, 3, 20, 9], [50, 30, 60, 40]])):
        answer = client.post(
            f"/api/photographs/{key}/boxes?boxes={mode}", json=Mask.of(mask).model_dump(mode="json")
        ).json()
        assert sorted([b["x0"], b["y0"], b["x1"], b["y1"]] for b in answer) == expected
    other = client.post(f"/api/photographs/{key}/boxes", json={"size": [2, 2], "counts": [4]})
    assert (other.status_code, other.json()["error"]) == (422, "the mask must be of 64x48 pixels")
    huge = client.post(f"/api/photographs/{key}/boxes", json={"size": [2**31, 4], "counts": [2**31] * 4})
    assert huge.status_code == 422
    assert "no photograph has more than" in huge.json()["error"]


def test_reviews_are_saved_and_survive_a_restart(client: TestClient, desk: Desk) -> None:
    key = keys(client)["bee/x.png"]
    address = f"/api/photographs/{key}/review"
    assert client.get(address).json() is None
    review = review_of(client, key, label="bee", state="accepted")
    assert client.put(address, json=review).status_code == 204
    again = client_of(desk)
    assert again.get(address).json() == review | {"fitted": True}
    assert {row["key"]: row["state"] for row in again.get("/api/photographs").json()}[key] == "accepted"
    assert client.delete(address).status_code == 204
    assert client.get(address).json() is None


def test_a_review_of_another_window_is_not_written_over(client: TestClient, desk: Desk) -> None:
    key = keys(client)["bee/x.png"]
    address = f"/api/photographs/{key}/review"
    first, second = (review_of(client, key, label=label) for label in ("bee", "ant"))
    none = client.get(address).headers["ETag"]
    mine = client.put(address, json=first, params={"version": "0123abcd"}, headers={"If-Match": none})
    assert (mine.status_code, mine.headers["ETag"]) == (204, '"0123abcd"')
    assert client.get(address).headers["ETag"] == '"0123abcd"'
    for method, sent in (("PUT", second), ("DELETE", None)):
        late = client.request(method, address, headers={"If-Match": none}, json=sent)
        assert late.status_code == 412
        assert "bee/x.png: was changed elsewhere" in late.json()["error"]
    assert client.get(address).json()["label"] == "bee"
    again = client_of(desk)
    known = {"If-Match": f'{none}, W/"0123abcd"'}
    assert again.put(address, json=second, headers=known).status_code == 204
    assert again.put(address, json=first, headers=known).status_code == 412
    assert again.put(address, json=first, headers={"If-Match": "*"}).status_code == 204
    assert again.delete(address).status_code == 204
    assert again.get(address).headers["ETag"] == none


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"label": "wolf"}, "no class 'wolf'"),
        ({"mask": {"size": [2, 2], "counts": [4]}}, "must be of 33x20 pixels"),
        ({"mask": {"size": [20, 33], "counts": [4]}}, "add up to 33x20"),
        ({"boxes": [{"x0": 0, "y0": 0, "x1": 34, "y1": 1, "score": 1}]}, "inside the image"),
        ({"boxes": [{"x0": 0, "y0": 0, "x1": 3, "y1": 1, "score": 2}]}, "boxes.0.score"),
        ({"boxes": [{"x0": 0, "y0": 0, "x1": 3}]}, "boxes.0.y1"),
        ({"surplus": 1}, "surplus"),
    ],
    ids=["class", "mask size", "runs", "outside", "score", "corner", "surplus"],
)
def test_reviews_that_fit_no_photograph_are_refused(
    client: TestClient, desk: Desk, changes: dict[str, object], problem: str
) -> None:
    key = keys(client)["bee/x.png"]
    answer = client.put(f"/api/photographs/{key}/review", json=review_of(client, key, **changes))
    assert answer.status_code == 422
    assert problem in answer.json()["error"]
    assert desk.reviews.states == {}


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999", '"\\ud800"', "[" * 5000])
def test_odd_json_is_refused_in_words(client: TestClient, number: str) -> None:
    key = keys(client)["bee/x.png"]
    body = json.dumps(review_of(client, key)).replace('"x0": ', f'"x0": {number}, "odd": ', 1)
    answer = client.put(
        f"/api/photographs/{key}/review", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code in {400, 422}
    assert set(answer.json()) == {"error"}


def test_export_writes_and_sends(client: TestClient, desk: Desk) -> None:
    assert client.post("/api/export?format=coco").json()["error"].startswith("nothing is accepted yet")
    key = keys(client)["z.webp"]
    client.put(f"/api/photographs/{key}/review", json=review_of(client, key, state="accepted"))
    written = client.post("/api/export?format=coco").json()
    folder = desk.reviews.out / "annotations" / "coco"
    assert written == {"folder": str(folder), "photographs": 1, "told": ""}
    (folder / "annotations.json").write_text("edited", encoding="utf-8")
    assert "it is kept as" in client.post("/api/export?format=coco").json()["told"]
    assert (folder.with_name("coco-edited-1") / "annotations.json").read_text(encoding="utf-8") == "edited"
    for name, file in (("coco", "coco/annotations.json"), ("class-folder", "class-folder/boxes.csv")):
        answer = client.get(f"/api/export/archive?format={name}")
        assert f"{name}.zip" in answer.headers["Content-Disposition"]
        with ZipFile(io.BytesIO(answer.content)) as archive:
            assert archive.testzip() is None
            assert file in archive.namelist()
    voc = client.get("/api/export/archive?format=voc").content  # has a link to the photographs
    with ZipFile(io.BytesIO(voc)) as archive:
        assert not [name for name in archive.namelist() if "JPEGImages" in name]


def test_openapi_documents_the_addresses(client: TestClient) -> None:
    paths = client.get("/api/openapi.json").json()["paths"]
    assert {"/api/localize", "/predict", "/health", "/setup"} <= set(paths)
    assert "application/octet-stream" in paths["/api/localize"]["post"]["requestBody"]["content"]


@pytest.mark.parametrize("path", ["/", "/main.js", "/style.css", "/icon.svg"])
def test_the_page_fetches_nothing_from_outside(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert "http" not in answer.text.replace("http://www.w3.org/2000/svg", "")
