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
