"""`aln convert`, and `aln localize --to`."""

from __future__ import annotations

from pathlib import Path

from tests.cli.calls import Call


def test_annotations_hold_all_results_of_the_folder(
    aln: Call, tiny_run: Path, photographs: Path, tmp_path: Path
) -> None:
    found = tmp_path / "found"
    table, coco = found / "annotations/csv/boxes.csv", found / "annotations/coco/annotations.json"
    assert aln("localize", tiny_run, photographs / "a.jpg", "--out", found).code == 0
    outcome = aln("convert", found, "--to", "csv, coco", "--to", "csv")
    assert outcome.code == 0
    assert outcome.out.split() == [str(table.parent), str(coco.parent)]
    assert len(table.read_text(encoding="utf-8").splitlines()) == 2
    whole = (tiny_run, photographs, "--out", tmp_path / "whole", "--to", "csv")
    assert aln("localize", *whole).code == 0
    table = tmp_path / "whole/annotations/csv/boxes.csv"
    assert len(table.read_text(encoding="utf-8").splitlines()) == 6
    (photographs / "new.jpg").write_bytes((photographs / "a.jpg").read_bytes())
    assert aln("localize", *whole[:-2]).code == 0
    assert len(table.read_text(encoding="utf-8").splitlines()) == 7, "written again without being asked"
    (photographs / "new.jpg").unlink()
    assert aln("localize", *whole[:-2], "--redo").code == 0
    assert not table.exists()


def test_photographs_and_results_may_move(
    aln: Call, tiny_run: Path, photographs: Path, tmp_path: Path
) -> None:
    found, moved = tmp_path / "found", tmp_path / "moved"
    assert aln("localize", tiny_run, photographs, "--out", found, "--to", "yolo").code == 0
    count = len((found / "localizations.jsonl").read_text(encoding="utf-8").splitlines())
    photographs.rename(moved)
    refused = aln("convert", found, "--to", "yolo")
    assert refused.code == 2
    assert f"are no longer in {photographs}" in refused.err
    assert "--photographs" in refused.err
    found = found.rename(tmp_path / "found elsewhere")
    assert aln("convert", found, "--to", "yolo", "--photographs", moved).code == 0
    listed = (found / "annotations/yolo/train.txt").read_text(encoding="utf-8").splitlines()
    assert len(listed) == count
    assert all((found / "annotations/yolo" / line).is_file() for line in listed)
    (moved / "a.jpg").unlink()
    told = aln("convert", found, "--to", "yolo")
    assert told.code == 0
    assert f"1 of its {count} photographs are no longer in {moved} (a.jpg first)" in told.err


def test_localizing_goes_on_where_the_photographs_are_now(
    aln: Call, tiny_run: Path, photographs: Path, tmp_path: Path
) -> None:
    found, moved = tmp_path / "found", tmp_path / "moved"
    assert aln("localize", tiny_run, photographs, "--out", found, "--to", "yolo").code == 0
    photographs.rename(moved)
    again = aln("localize", tiny_run, moved, "--out", found)
    assert again.code == 0
    assert "0 localized" in again.err
    assert (found / "annotations/yolo/images").samefile(moved)
