"""The result folder: whole after a crash, continued by the next call, never outside itself."""

import json
import os
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from aln.data.store import file_digest
from aln.errors import DataError
from aln.localization import Localization
from aln.output import ResultFolder, alone, common_folder, image_ids, move_photographs

MADE_BY = {"model": "abc", "method": "aln", "rule": "paper"}


def found_in(image_id: str, size: tuple[int, int] = (6, 8)) -> Localization:
    score_map = np.zeros(size, np.float32)
    score_map[1:4, 2:5] = 1
    return Localization(
        image_id=image_id,
        score_map=score_map,
        mask=score_map > 0,
        boxes=np.array([[2, 1, 5, 4]], np.float32),
        box_scores=np.array([0.9], np.float32),
        label=0,
        class_names=("a", "b"),
        probabilities=np.array([0.7, 0.3], np.float32),
        method="aln",
        rule="paper",
    )


def read(path: Path) -> NDArray[np.uint8]:
    pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    return np.asarray(pixels, np.uint8)


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize(
    "image_id",
    ["a.jpg", "deep/er/a b.png", "vögel/雀.jpg", "no suffix"],
    ids=["plain", "nested", "unicode", "bare"],
)
def test_an_image_is_a_line_a_mask_and_an_overlay(tmp_path: Path, image_id: str) -> None:
    folder = ResultFolder(tmp_path / "found", MADE_BY)
    folder.write(found_in(image_id), np.full((6, 8, 3), 90, np.uint8))
    assert lines(tmp_path / "found" / "localizations.jsonl") == [found_in(image_id).to_dict()]
    mask = read(tmp_path / "found" / "masks" / f"{image_id}.png")
    assert np.array_equal(mask, found_in(image_id).mask * 255)
    assert (tmp_path / "found" / "overlays" / f"{image_id}.jpg").exists()


def test_overlays_are_rgb(tmp_path: Path) -> None:
    red = np.zeros((6, 8, 3), np.uint8)
    red[..., 0] = 255
    ResultFolder(tmp_path, MADE_BY).write(found_in("a.jpg"), red)
    blue_green_red = read(tmp_path / "overlays" / "a.jpg.jpg")
    assert blue_green_red[..., 2].min() > 200
    assert blue_green_red[..., 0].max() < 50


@pytest.mark.parametrize("image_id", ["../a.jpg", "x/../../a.jpg", "/etc/a.jpg", ""])
def test_nothing_is_written_outside(tmp_path: Path, image_id: str) -> None:
    folder = ResultFolder(tmp_path / "found", MADE_BY)
    with pytest.raises(DataError, match="no name inside a folder"):
        folder.write(found_in(image_id))
    assert [path.name for path in tmp_path.iterdir()] == ["found"]


@pytest.mark.parametrize(
    "tail",
    ["", '{"image": "b.j', '{"image": "b.jpg"}'],
    ids=["nothing", "half a line", "a line without its end"],
)
def test_a_second_call_continues_after_the_last_whole_line(tmp_path: Path, tail: str) -> None:
    ResultFolder(tmp_path, MADE_BY).write(found_in("a.jpg"))
    with (tmp_path / "localizations.jsonl").open("a") as file:
        file.write(tail)
    again = ResultFolder(tmp_path, MADE_BY)
    assert again.done == {"a.jpg"}
    again.write(found_in("b.jpg"))
    assert [line["image"] for line in lines(tmp_path / "localizations.jsonl")] == ["a.jpg", "b.jpg"]


def test_failures_are_listed_and_forgotten_by_the_next_call(tmp_path: Path) -> None:
    ResultFolder(tmp_path, MADE_BY).fail("bad\udcff.jpg", "is empty")
    assert lines(tmp_path / "failures.jsonl") == [{"image": "bad\udcff.jpg", "reason": "is empty"}]
    ResultFolder(tmp_path, MADE_BY)
    assert not (tmp_path / "failures.jsonl").exists()


@pytest.mark.parametrize("key", list(MADE_BY))
def test_results_made_otherwise_are_refused(tmp_path: Path, key: str) -> None:
    ResultFolder(tmp_path, MADE_BY).write(found_in("a.jpg"))
    with pytest.raises(DataError, match=f"{key} .*another --out folder.*--redo"):
        ResultFolder(tmp_path, MADE_BY | {key: "other"})
    assert ResultFolder(tmp_path, MADE_BY).done == {"a.jpg"}


@pytest.mark.parametrize(
    ("said", "now", "refused"),
    [(None, 0.005, False), (None, 0.1, True), (0.1, 0.1, False), (0.1, 0.005, True)],
    ids=["older", "older, another", "said", "said, another"],
)
def test_what_older_results_do_not_say_was_as_usual(
    tmp_path: Path, said: float | None, now: float, refused: bool
) -> None:
    ResultFolder(tmp_path, MADE_BY | ({} if said is None else {"min_area": said})).write(found_in("a.jpg"))
    made_by, usual = MADE_BY | {"min_area": now}, {"min_area": 0.005}
    if refused:
        with pytest.raises(DataError, match=rf"holds results with min_area {said or 0.005}, not {now}; "):
            ResultFolder(tmp_path, made_by, unsaid=usual)
    else:
        assert set(ResultFolder(tmp_path, made_by, unsaid=usual).done) == {"a.jpg"}


def with_photographs(place: Path, *names: str) -> dict[str, str]:
    """What makes results of photographs in `place`, where there are some of these names now."""
    for name in names:
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(name.encode())
    return MADE_BY | {"photographs": str(place)}


def test_results_continue_where_their_photographs_are_now(tmp_path: Path) -> None:
    made_by = with_photographs(tmp_path / "photos", "a.jpg", "deep/b.jpg", "c.jpg")
    folder = ResultFolder(tmp_path / "found", made_by)
    for image_id in ("a.jpg", "deep/b.jpg"):
        folder.write(found_in(image_id))
    moved = (tmp_path / "photos").rename(tmp_path / "moved")
    (moved / "c.jpg").unlink()  # was not localized yet
    again = ResultFolder(tmp_path / "found", MADE_BY | {"photographs": str(moved)})
    assert again.done == {"a.jpg", "deep/b.jpg"}
    manifest = json.loads((tmp_path / "found" / "run.json").read_text())
    assert manifest == MADE_BY | {"photographs": str(moved)}


OTHERS = r"others of the same name \(a\.jpg first\)"


def digest_of(photograph: Path) -> str:
    return file_digest(photograph).hex()


@pytest.mark.parametrize(
    ("names", "content", "problem"),
    [
        pytest.param(("a.jpg",), None, r"1 of the 2 are not in .*there.*\(b\.jpg first\)", id="one-missing"),
        pytest.param((), None, r"2 of the 2 are not in", id="none-there"),
        pytest.param(("a.jpg", "b.jpg"), b"another", OTHERS, id="others"),
        pytest.param(("a.jpg", "b.jpg"), b"other", OTHERS, id="others-as-long"),
    ],
)
@pytest.mark.parametrize("way", ["localize", "convert"])
@pytest.mark.parametrize("then", ["kept", "digest", "digest alone"])
def test_results_of_other_photographs_are_refused(
    tmp_path: Path, names: tuple[str, ...], content: bytes | None, problem: str, *, way: str, then: str
) -> None:
    """By the photographs where they were, by the digests in the results, or by both."""
    photos = tmp_path / "photos"
    folder = ResultFolder(tmp_path / "found", with_photographs(photos, "a.jpg", "b.jpg"))
    for image_id in ("a.jpg", "b.jpg"):
        folder.write(found_in(image_id), None, None if then == "kept" else digest_of(photos / image_id))
    if then == "digest alone":
        shutil.rmtree(photos)
    before = (tmp_path / "found" / "run.json").read_bytes()
    made_by = with_photographs(tmp_path / "there", *names)
    if content is not None:
        (tmp_path / "there" / "a.jpg").write_bytes(content)
    if way == "localize":
        with pytest.raises(DataError, match=f"{problem}.*another --out folder.*--redo"):
            ResultFolder(tmp_path / "found", made_by)
    else:
        with pytest.raises(DataError, match=f"{problem}.*name the folder"):
            move_photographs(tmp_path / "found", ("a.jpg", "b.jpg"), tmp_path / "there")
    assert (tmp_path / "found" / "run.json").read_bytes() == before


@pytest.mark.parametrize(
    ("content", "changed"),
    [(b"a.jpg", []), (b"other", ["a.jpg"]), (b"cropped", ["a.jpg"]), (None, [])],
    ids=["as it was", "another as long", "shorter", "gone"],
)
def test_a_photograph_that_changed_is_known_by_its_digest(
    tmp_path: Path, content: bytes | None, changed: list[str]
) -> None:
    photos = tmp_path / "photos"
    folder = ResultFolder(tmp_path / "found", with_photographs(photos, "a.jpg", "b.jpg", "old.jpg"))
    for image_id in ("a.jpg", "b.jpg"):
        folder.write(found_in(image_id), None, digest_of(photos / image_id))
    folder.write(found_in("old.jpg"))  # of before there were digests
    (photos / "old.jpg").write_bytes(b"another")
    (photos / "a.jpg").unlink()
    if content is not None:
        (photos / "a.jpg").write_bytes(content)
    again = ResultFolder(tmp_path / "found", MADE_BY)
    there = ("a.jpg", "b.jpg", "old.jpg", "new.jpg")
    assert again.changed((image_id, photos / image_id) for image_id in there) == changed


def test_what_is_forgotten_leaves_line_and_pictures(tmp_path: Path) -> None:
    folder = ResultFolder(tmp_path, MADE_BY)
    for image_id in ("a.jpg", "deep/b.jpg", "c.jpg"):
        folder.write(found_in(image_id), np.zeros((6, 8, 3), np.uint8), "digest")
    again = ResultFolder(tmp_path, MADE_BY)
    again.forget(["deep/b.jpg"])
    assert set(again.done) == set(ResultFolder(tmp_path, MADE_BY).done) == {"a.jpg", "c.jpg"}
    assert [line["image"] for line in lines(tmp_path / "localizations.jsonl")] == ["a.jpg", "c.jpg"]
    pictures = {path.name for path in tmp_path.rglob("*.???.*")}
    assert pictures == {"a.jpg.png", "a.jpg.jpg", "c.jpg.png", "c.jpg.jpg"}


def test_moved_photographs_do_not_hide_another_difference(tmp_path: Path) -> None:
    ResultFolder(tmp_path / "found", with_photographs(tmp_path / "photos"))
    with pytest.raises(DataError, match="holds results with rule 'paper', not 'otsu'"):
        ResultFolder(tmp_path / "found", with_photographs(tmp_path / "there") | {"rule": "otsu"})
    assert str(tmp_path / "photos") in (tmp_path / "found" / "run.json").read_text()


def test_redo_removes_results_and_nothing_else(tmp_path: Path) -> None:
    ResultFolder(tmp_path, MADE_BY).write(found_in("deep/a.jpg"), np.zeros((6, 8, 3), np.uint8))
    (tmp_path / "masks" / "mine.txt").write_text("kept")
    again = ResultFolder(tmp_path, MADE_BY | {"rule": "otsu"}, redo=True)
    assert again.done == frozenset()
    left = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*"))
    assert left == ["masks", "masks/mine.txt", "run.json"]


@pytest.mark.parametrize("name", ["masks/a.png", "overlays/a.jpg", "localizations.jsonl"])
@pytest.mark.parametrize("redo", [False, True], ids=["", "redo"])
def test_files_of_somebody_else_are_left_alone(tmp_path: Path, name: str, redo: bool) -> None:
    theirs = tmp_path / name
    theirs.parent.mkdir(exist_ok=True)
    theirs.write_text("theirs")
    with pytest.raises(DataError, match="not written by aln localize"):
        ResultFolder(tmp_path, MADE_BY, redo=redo)
    assert theirs.read_text() == "theirs"


@pytest.mark.parametrize("text", ["nonsense", "[]"])
def test_a_foreign_manifest_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(DataError, match=r"run\.json: was not written by aln"):
        ResultFolder(tmp_path, MADE_BY)


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    ResultFolder(tmp_path, MADE_BY)
    (tmp_path / "localizations.jsonl").write_text('{"image": "a.jpg"}\nnonsense\n')
    with pytest.raises(DataError, match="line 2 is damaged"):
        ResultFolder(tmp_path, MADE_BY)


def test_an_unwritable_folder_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="can't be written"):
        ResultFolder(tmp_path / "file" / "found", MADE_BY)


def test_ids_are_relative_to_the_common_folder(tmp_path: Path) -> None:
    files = [tmp_path / "photos" / "x.jpg", tmp_path / "photos" / "sub" / "y.jpg"]
    for file in files:
        file.parent.mkdir(exist_ok=True, parents=True)
        file.touch()
    root = common_folder([tmp_path / "photos"])
    assert root == common_folder(files) == tmp_path / "photos"
    assert image_ids(files, root) == ["x.jpg", "sub/y.jpg"]
    assert image_ids([tmp_path / "photos" / "sub" / ".." / "x.jpg"], root) == ["x.jpg"]


def test_no_folder_holds_two_drives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def of_windows(_: object) -> str:
        raise ValueError("Paths don't have the same drive")

    monkeypatch.setattr(os.path, "commonpath", of_windows)
    with pytest.raises(DataError, match=r"c and \S*d: lie on two drives.*each drive on their own"):
        common_folder([tmp_path / "d" / "x.jpg", tmp_path / "c" / "y.jpg"])


def test_a_folder_is_held_by_one(tmp_path: Path) -> None:
    with (
        alone(tmp_path / "found"),
        alone(tmp_path / "other"),
        pytest.raises(DataError, match="found: another aln localize is writing here"),
        alone(tmp_path / "found"),
    ):
        pass
    with alone(tmp_path / "found"):
        assert ResultFolder(tmp_path / "found", MADE_BY).done == frozenset()
