"""Annotations from stored results: all of them, whole or not there, in constant memory."""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from aln.convert import convert, parse_formats, remove_annotations, write_format
from aln.errors import ConfigError, DataError
from aln.export import FORMATS, Dataset
from aln.localization import Localization
from aln.output import ResultFolder
from tests.export.made_up import CLASS_NAMES, FOUND, L_SHAPE, NESTED, found_in, write_photographs


@pytest.fixture
def found(tmp_path: Path) -> Path:
    """A folder of results as `aln localize` leaves it, with its photographs beside."""
    write_photographs(tmp_path / "photos", NESTED)
    made_by = {"photographs": str(tmp_path / "photos"), "classes": list(CLASS_NAMES)}
    folder = ResultFolder(tmp_path / "found", made_by)
    for result in NESTED:
        folder.write(result)
    return folder.path


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def shown(folder: Path) -> list[str]:
    """What people see of a folder: all but hidden files."""
    return sorted(path.name for path in folder.iterdir() if path.is_dir() or not path.name.startswith("."))


@pytest.mark.parametrize("name", list(FORMATS))
def test_stored_results_give_what_fresh_ones_give(found: Path, name: str) -> None:
    (folder,) = convert(found, [name])
    assert folder == found / "annotations" / name
    dataset = Dataset(CLASS_NAMES, found.parent / "photos")
    fresh = write_format(name, NESTED, found / "annotations" / "fresh", dataset)
    assert contents(folder) == contents(fresh)
    assert contents(folder)


@pytest.mark.parametrize("name", list(FORMATS))
def test_memory_does_not_grow(tmp_path: Path, name: str) -> None:
    blocks: list[int] = []

    def results(count: int) -> Iterator[Localization]:
        for index in range(count):
            if index in (5, count - 1):
                gc.collect()
                blocks.append(sys.getallocatedblocks())
            yield found_in(f"{index}.jpg", {1.0: L_SHAPE})

    write_format(name, results(65), tmp_path / name, Dataset(CLASS_NAMES, tmp_path))
    first, last = blocks
    assert last - first < 5 * 59  # a result kept, or its rows, would be ten blocks or more


@pytest.mark.parametrize("name", list(FORMATS))
def test_half_written_annotations_never_look_finished(tmp_path: Path, name: str) -> None:
    def breaking() -> Iterator[Localization]:
        yield FOUND[0]
        raise OSError(28, "No space left on device", "a.part")

    dataset = Dataset(CLASS_NAMES, tmp_path)
    folder = tmp_path / "annotations" / name
    with pytest.raises(DataError, match=r"a\.part: can't be written \(No space left"):
        write_format(name, breaking(), folder, dataset)
    assert list(folder.parent.iterdir()) == []
    write_format(name, FOUND[:2], folder, dataset)
    before = contents(folder)
    with pytest.raises(DataError):
        write_format(name, breaking(), folder, dataset)
    assert contents(folder) == before
    assert shown(folder.parent) == [name]


def test_what_a_killed_call_left_is_cleared_away(found: Path) -> None:
    left = found / "annotations" / ".coco.123"
    left.mkdir(parents=True)
    (left / "annotations.json").write_text("half")
    convert(found, ["coco"])
    assert shown(left.parent) == ["coco"]
    assert not left.exists()


def test_formats_of_earlier_calls_are_written_again(found: Path) -> None:
    convert(found, ["csv", "yolo"])
    classes = {"photographs": str(found.parent / "photos"), "classes": list(CLASS_NAMES)}
    ResultFolder(found, classes).write(found_in("new.jpg", {1.0: L_SHAPE}))
    assert [folder.name for folder in convert(found, ["coco"])] == ["coco", "csv", "yolo"]
    assert "new.jpg" in (found / "annotations/csv/boxes.csv").read_text(encoding="utf-8")


def test_one_format_does_not_hold_up_the_others(found: Path) -> None:
    manifest = json.loads((found / "run.json").read_text(encoding="utf-8"))
    manifest["classes"] += ["background"]
    (found / "run.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"^voc: .*can't hold a class called 'background'"):
        convert(found, ["coco", "voc", "csv"])
    assert shown(found / "annotations") == ["coco", "csv"]


@pytest.mark.parametrize("asked", [True, False], ids=["asked for again", "of an earlier call"])
def test_edits_are_kept(found: Path, asked: bool) -> None:
    convert(found, ["labelme", "csv"])
    file = found / "annotations" / "labelme" / "a.json"
    file.write_text("corrected by hand", encoding="utf-8")
    told: list[str] = []
    folders = convert(found, ["labelme"] if asked else ["csv"], tell=told.append)
    (line,) = told
    if asked:
        kept = found / "annotations" / "labelme-edited-1"
        assert line == f"{file.parent}: something was edited in it; it is kept as {kept}"
        assert [folder.name for folder in folders] == ["labelme", "csv"]
        assert file.read_text(encoding="utf-8") != "corrected by hand"
    else:
        kept = file.parent
        assert "something was edited in labelme (or an earlier aln wrote it); left as it is" in line
        assert [folder.name for folder in folders] == ["csv"]
    assert (kept / "a.json").read_text(encoding="utf-8") == "corrected by hand"


def test_edits_outlive_a_new_beginning(found: Path) -> None:
    convert(found, ["csv", "coco"])
    (found / "annotations" / "csv" / "boxes.csv").write_text("mine", encoding="utf-8")
    told: list[str] = []
    remove_annotations(found, told.append)
    assert shown(found / "annotations") == ["csv-edited-1"]
    assert len(told) == 1
    convert(found, ["csv"], tell=told.append)
    assert len(told) == 1


def test_photographs_are_not_looked_for_among_annotations(found: Path) -> None:
    """They would go with the folder that is written anew."""
    convert(found, ["yolo"])
    images = found / "annotations" / "yolo" / "images"
    images.unlink()
    (found.parent / "photos").rename(images)
    with pytest.raises(DataError, match=r"lies among the annotations.*move the photographs out of"):
        convert(found, ["yolo"], images)
    assert (images / "a.jpg").exists()


def test_removing_leaves_photographs_and_strangers_alone(found: Path) -> None:
    convert(found, list(FORMATS))
    (found / "annotations" / "mine").mkdir()
    photographs = contents(found.parent / "photos")
    remove_annotations(found)
    assert [path.name for path in (found / "annotations").iterdir()] == ["mine"]
    assert contents(found.parent / "photos") == photographs


LEADING = [name for name in FORMATS if FORMATS[name].leads]


def test_formats_that_link_or_name_photographs_lead_to_them() -> None:
    assert LEADING == ["labelme", "voc", "yolo", "yolo-seg"]


@pytest.mark.parametrize("name", list(FORMATS))
def test_photographs_that_were_moved_are_missed(found: Path, name: str) -> None:
    photographs = (found.parent / "photos").rename(found.parent / "moved")
    told: list[str] = []
    if name in LEADING:
        problem = (
            rf"5 of its 5 photographs are no longer in .*photos \(a\.jpg first\), where {name} would lead"
        )
        with pytest.raises(DataError, match=rf"{problem}; .*aln convert .*found --to {name} --photographs"):
            convert(found, [name], tell=told.append)
        assert not (found / "annotations").exists()
    (folder,) = convert(found, [name], photographs, told.append)
    assert told == []
    fresh = write_format(name, NESTED, folder.with_name("fresh"), Dataset(CLASS_NAMES, photographs))
    assert contents(folder) == contents(fresh)
    assert not [path for path in folder.rglob("*") if not path.exists()], "a link leads nowhere"
    convert(found, [name])  # the new place is noted
    (found / "annotations" / name).rename(found / "done")
    assert contents(found / "done") == contents(fresh)


def test_formats_of_earlier_calls_miss_their_photographs_too(found: Path) -> None:
    convert(found, ["yolo"])
    (found.parent / "photos").rename(found.parent / "moved")
    with pytest.raises(DataError, match=r"where yolo would lead; .*--to yolo --photographs"):
        convert(found, ["csv"])
    assert shown(found / "annotations") == ["csv", "yolo"]
    assert [path.name for path in convert(found, ["csv"], found.parent / "moved")] == ["csv", "yolo"]
    assert (found / "annotations" / "yolo" / "images" / "a.jpg").is_file()


def test_some_lost_photographs_are_told(found: Path) -> None:
    (found.parent / "photos" / "b b.png").unlink()
    told: list[str] = []
    assert convert(found, ["csv"], tell=told.append)
    assert told == []
    assert convert(found, ["voc", "yolo"], tell=told.append)
    assert convert(found, ["voc"])
    (line,) = told
    assert "1 of its 5 photographs are no longer in" in line
    assert "(b b.png first), where voc, yolo would lead, and are left out there; put them back" in line
    assert len(list((found / "annotations/yolo/labels").rglob("*.txt"))) == 4
    assert "b b.png" in (found / "annotations/csv/boxes.csv").read_text(encoding="utf-8")


def test_a_twin_that_was_renamed_is_in_nobodys_way(found: Path) -> None:
    """The line of its old name stays in the results."""
    photographs = found.parent / "photos"
    classes = {"photographs": str(photographs), "classes": list(CLASS_NAMES)}
    (photographs / "a.png").touch()
    ResultFolder(found, classes).write(found_in("a.png", {1.0: L_SHAPE}))
    with pytest.raises(DataError, match=r"a\.png: another photograph beside it has the same name"):
        convert(found, ["yolo"])
    (photographs / "a.png").rename(photographs / "a2.png")
    ResultFolder(found, classes).write(found_in("a2.png", {1.0: L_SHAPE}))
    convert(found, ["yolo"])
    assert (found / "annotations/yolo/labels/a2.txt").exists()


def test_a_place_without_the_photographs_is_refused(found: Path, tmp_path: Path) -> None:
    before = (found / "run.json").read_bytes()
    with pytest.raises(DataError, match=r"5 of the 5 are not in .*nowhere"):
        convert(found, ["csv"], tmp_path / "nowhere")
    with pytest.raises(ConfigError):
        convert(found, ["yollo"], tmp_path / "photos")
    assert (found / "run.json").read_bytes() == before


@pytest.mark.parametrize(
    ("written", "expected"),
    [([], []), (["coco"], ["coco"]), (["voc,coco", " csv , voc,"], ["voc", "coco", "csv"])],
    ids=["none", "one", "commas and repeats"],
)
def test_formats_are_written_with_commas_or_repeated(written: list[str], expected: list[str]) -> None:
    assert parse_formats(written) == expected


def test_an_unknown_format_is_named(found: Path) -> None:
    with pytest.raises(ConfigError, match="did you mean 'yolo'"):
        convert(found, ["coco,yollo"])
    assert not (found / "annotations").exists()


@pytest.mark.parametrize("name", list(FORMATS))
def test_names_that_are_no_valid_text_are_written(tmp_path: Path, name: str) -> None:
    odd = found_in("bad\udcff \x01.jpg", {1.0: L_SHAPE})
    assert contents(write_format(name, [odd], tmp_path / name, Dataset(CLASS_NAMES, tmp_path)))


@pytest.mark.parametrize("name", ["yolo", "yolo-seg", "voc", "labelme"])
@pytest.mark.parametrize("image_id", ["../a.jpg", "/a.jpg", "x/../../a.jpg"])
def test_nothing_is_written_outside(tmp_path: Path, name: str, image_id: str) -> None:
    with pytest.raises(DataError, match="no name inside a folder"):
        write_format(name, [found_in(image_id, {})], tmp_path / "out" / name, Dataset(CLASS_NAMES, tmp_path))
    assert not list(tmp_path.rglob("a.*"))


def test_a_mask_of_another_size_is_named(found: Path) -> None:
    mask = found / "masks" / "a.jpg.png"
    (found / "masks" / "b b.png.png").replace(mask)
    with pytest.raises(DataError, match=r"a\.jpg\.png: is no mask of 30x24 pixels; run aln localize again"):
        convert(found, ["coco"])
    mask.unlink()
    with pytest.raises(DataError, match=r"a\.jpg\.png: can't be read"):
        convert(found, ["coco"])
    convert(found, ["csv", "yolo"])  # boxes need no masks


@pytest.mark.parametrize(
    "change",
    [{"label": "wolf"}, {"boxes": "none"}, {"width": None, "image": 3}],
    ids=["label", "boxes", "image"],
)
def test_a_damaged_line_is_named(found: Path, change: dict[str, object]) -> None:
    path = found / "localizations.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    rows[1] |= change
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    with pytest.raises(DataError, match=r"^csv, coco: \S+ line 2 is damaged; remove that line$"):
        convert(found, ["csv", "coco"])


def test_half_a_line_is_left_out(found: Path) -> None:
    with (found / "localizations.jsonl").open("a") as file:
        file.write('{"image": "b.j')
    convert(found, ["csv"])
    rows = (found / "annotations/csv/boxes.csv").read_text(encoding="utf-8").splitlines()
    assert len(rows) == 1 + int(np.sum([len(result.boxes) for result in NESTED]))
