"""`aln localize`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import pytest

from tests.cli.calls import Call, lines


def test_localize_writes_everything_a_user_needs(
    aln: Call, tiny_run: Path, photographs: Path, tmp_path: Path
) -> None:
    found = tmp_path / "found"
    outcome = aln("localize", tiny_run, photographs, "--out", found)
    assert outcome.code == 0
    assert "5 localized, 0 failed" in outcome.err
    rows = {str(row["image"]): row for row in lines(found / "localizations.jsonl")}
    assert set(rows) == {"a.jpg", "b b.png", "vögel/drossel.jpg", "vögel/雀.png", "deep/er/c.JPEG"}
    for image_id, row in rows.items():
        mask = cv2.imread(str(found / "masks" / f"{image_id}.png"), cv2.IMREAD_UNCHANGED)
        assert mask is not None
        assert mask.shape == (row["height"], row["width"])
        assert (found / "overlays" / f"{image_id}.jpg").stat().st_size > 0


def test_localize_continues_where_it_stopped(
    aln: Call, tiny_run: Path, photographs: Path, tmp_path: Path
) -> None:
    found = tmp_path / "found"
    aln("localize", tiny_run, photographs, "--out", found, "--no-overlays")
    log = found / "localizations.jsonl"
    whole = log.read_bytes()
    kept = whole.splitlines(keepends=True)[:2]
    log.write_bytes(b"".join(kept) + b'{"image": "vo')
    outcome = aln("localize", tiny_run, photographs, "--out", found, "--no-overlays", "--batch-size", 1)
    assert "3 localized, 2 done before, 0 failed" in outcome.err
    assert log.read_bytes().startswith(b"".join(kept))
    assert {row["image"] for row in lines(log)} == {json.loads(line)["image"] for line in whole.splitlines()}
    assert not (found / "overlays").exists()
    assert "5 done before" in aln("localize", tiny_run, photographs, "--out", found).err
    assert "5 localized, 0 failed" in aln("localize", tiny_run, photographs, "--out", found, "--redo").err


def test_results_among_the_photographs_are_no_photographs(
    aln: Call, tiny_run: Path, photographs: Path
) -> None:
    for _ in range(2):
        outcome = aln("localize", tiny_run, photographs, "--out", photographs / "found")
    assert "0 localized, 5 done before, 0 failed" in outcome.err


def test_localize_keeps_results_of_different_settings_apart(
    aln: Call, tiny_run: Path, photographs: Path, tmp_path: Path
) -> None:
    again = ("localize", tiny_run, photographs / "a.jpg", "--out", tmp_path / "found")
    assert aln(*again, "--rule", "paper").code == 0
    refused = aln(*again, "--rule", "otsu")
    assert refused.code == 2
    assert "rule 'paper', not 'otsu'" in refused.err
    assert aln(*again, "--rule", "otsu", "--redo").code == 0


@pytest.mark.parametrize(
    "content", [b"", b"no image at all", b"\xff\xd8\xff\xe0 cut"], ids=["empty", "text", "cut"]
)
def test_a_bad_photograph_ends_a_run_only_when_strict(
    aln: Call, tiny_run: Path, photographs: Path, tmp_path: Path, content: bytes
) -> None:
    (photographs / "bad.jpg").write_bytes(content)
    outcome = aln("localize", tiny_run, photographs, "--out", tmp_path / "found")
    assert outcome.code == 0
    assert "5 localized, 1 failed" in outcome.err
    assert [row["image"] for row in lines(tmp_path / "found" / "failures.jsonl")] == ["bad.jpg"]
    strict = aln("localize", tiny_run, photographs, "--out", tmp_path / "strict", "--strict")
    assert strict.code == 2
    assert str(photographs / "bad.jpg") in strict.err


@pytest.mark.parametrize("formats", [(), ("--to", "csv")], ids=["results", "annotations"])
def test_exit_code_1_where_not_one_photograph_could_be_read(
    aln: Call, tiny_run: Path, tmp_path: Path, formats: tuple[str, ...]
) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for name in ("a.jpg", "b.png"):
        (photos / name).write_bytes(b"no image at all")
    outcome = aln("localize", tiny_run, photos, "--out", tmp_path / "found", *formats)
    assert outcome.code == 1
    assert "0 localized, 2 failed" in outcome.err
    assert "there are no results" in outcome.err


def test_annotations_that_cannot_be_written_hold_up_nothing(
    aln: Call, tiny_run: Path, photographs: Path, tmp_path: Path
) -> None:
    shutil.copy(photographs / "a.jpg", photographs / "a.jpeg")
    call = ("localize", tiny_run, photographs, "--out", tmp_path / "found", "--to", "yolo,csv")
    outcome = aln(*call)
    assert outcome.code == 1
    assert "6 localized, 0 failed" in outcome.err
    assert "Not all annotations are written: yolo: a.jp" in outcome.err
    assert (tmp_path / "found" / "annotations" / "csv" / "boxes.csv").exists()
    strict = aln(*call, "--strict")
    assert strict.code == 2
    assert "another photograph beside it has the same name" in strict.err


def test_results_of_an_earlier_call_count(
    aln: Call, tiny_run: Path, photographs: Path, tmp_path: Path
) -> None:
    again = ("localize", tiny_run, photographs, "--out", tmp_path / "found")
    assert aln(*again, "--device", "cpu").code == 0
    (photographs / "bad.jpg").write_bytes(b"")
    outcome = aln(*again)
    assert outcome.code == 0
    assert "0 localized, 5 done before, 1 failed" in outcome.err
