"""Label Studio: its brush code bit by bit, and what its own packages make of the tasks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from aln.export.label_studio import brush
from tests.export.made_up import CLASS_NAMES, NESTED, exported, masks_of
from tests.export.readers import foreign, reader

BY_NAME = {found.image_id: found for found in NESTED}


def unpacked(code: list[int]) -> NDArray[np.uint8]:
    """The decoder of thi.ng/rle-pack, bit by bit."""
    bits = "".join(f"{byte:08b}" for byte in code)
    place = 0

    def read(count: int) -> int:
        nonlocal place
        place += count
        return int(bits[place - count : place], 2)

    number, size = read(32), read(5) + 1
    sizes = [read(4) + 1 for _ in range(4)]
    values: list[int] = []
    while len(values) < number:
        same, length = read(1), read(sizes[read(2)]) + 1
        values += [read(size)] * length if same else [read(size) for _ in range(length)]
    return np.array(values, np.uint8)


def tasks(folder: Path) -> dict[str, dict[str, Any]]:
    read: list[dict[str, Any]] = json.loads((folder / "tasks.json").read_text(encoding="utf-8"))
    names = [parse_qs(urlsplit(task["data"]["image"]).query)["d"][0] for task in read]
    return dict(zip((name.removeprefix("photos/") for name in names), read, strict=True))


@given(arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=9)))
def test_the_brush_comes_back(mask: NDArray[np.bool_]) -> None:
    assert np.array_equal(unpacked(brush(mask)).reshape(*mask.shape, 4)[..., 3] > 0, mask)


def test_long_runs_are_split() -> None:
    mask = np.zeros((200, 300), bool)
    mask[100:, 5:] = True
    assert np.array_equal(unpacked(brush(mask)).reshape(200, 300, 4)[..., 0] > 0, mask)


def check(task: dict[str, Any], image_id: str, decode: Any) -> None:
    found = BY_NAME[image_id]
    (prediction,) = task["predictions"]
    regions = prediction["result"]
    assert all(
        (row["original_width"], row["original_height"]) == (found.width, found.height) for row in regions
    )
    boxes = [row["value"] for row in regions if row["type"] == "rectanglelabels"]
    corners = [[b["x"], b["y"], b["x"] + b["width"], b["y"] + b["height"]] for b in boxes]
    size = np.array([found.width, found.height] * 2)
    assert np.allclose(np.array(corners).reshape(-1, 4) * size / 100, found.boxes, atol=1e-4)
    strokes = [row["value"]["rle"] for row in regions if row["type"] == "brushlabels"]
    masks = [np.asarray(decode(rle)).reshape(found.height, found.width, 4)[..., 3] > 0 for rle in strokes]
    assert np.array_equal(np.array(masks, bool).reshape(-1, found.height, found.width), masks_of(found))
    scores = [row["score"] for row in regions if row["type"] == "brushlabels"]
    assert np.allclose(scores, found.box_scores, atol=1e-6)
    assert {name for row in regions for name in row["value"][row["type"]]} <= {found.class_name}


@pytest.mark.parametrize("image_id", BY_NAME)
def test_everything_comes_back(tmp_path: Path, image_id: str) -> None:
    check(tasks(exported("label-studio", tmp_path, NESTED))[image_id], image_id, unpacked)


@foreign
@pytest.mark.parametrize("image_id", BY_NAME)
def test_its_converter_reads_the_brush(tmp_path: Path, image_id: str) -> None:
    brush_module = reader("label_studio_converter.brush")
    check(tasks(exported("label-studio", tmp_path, NESTED))[image_id], image_id, brush_module.decode_rle)


@foreign
def test_its_interface_accepts_the_tasks(tmp_path: Path) -> None:
    label_interface = reader("label_studio_sdk.label_interface")
    folder = exported("label-studio", tmp_path, NESTED)
    interface = label_interface.LabelInterface((folder / "interface.xml").read_text(encoding="utf-8"))
    assert set(interface.get_control("box").labels) == set(CLASS_NAMES)
    for task in tasks(folder).values():
        assert interface.validate_task({"data": task["data"]})
        (prediction,) = task["predictions"]
        assert interface.validate_prediction(prediction)
        prediction["result"] = [*prediction["result"], {"type": "nonsense"}]
        assert not interface.validate_prediction(prediction)


@foreign
def test_its_json_schemas_hold(tmp_path: Path) -> None:
    """Each value against the schema that its control publishes, and the interface against its own."""
    label_interface, jsonschema = reader("label_studio_sdk.label_interface"), reader("jsonschema")
    folder = exported("label-studio", tmp_path, NESTED)
    interface = label_interface.LabelInterface((folder / "interface.xml").read_text(encoding="utf-8"))
    interface.validate()
    schemas = {name: interface.get_control(name).to_json_schema() for name in ("box", "mask")}
    for side in (
        "x",
        "y",
        "width",
        "height",
    ):  # 1 to 99 is asked of language models, the editor has 0 to 100
        schemas["box"]["properties"][side] = {"type": "number", "minimum": 0, "maximum": 100}
    regions = [region for task in tasks(folder).values() for region in task["predictions"][0]["result"]]
    assert {region["from_name"] for region in regions} == set(schemas)
    for region in regions:
        jsonschema.validate(region["value"], schemas[region["from_name"]])
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**region["value"], region["type"]: ["nobody"]}, schemas[region["from_name"]])
