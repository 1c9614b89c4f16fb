"""Localizing many photographs: a stream in constant memory, and an honest summary."""

from __future__ import annotations

import json
import shutil
from io import StringIO
from pathlib import Path

import cv2
import pytest
from rich.console import Console

from aln import pipeline
from aln.convert import convert
from aln.data.base import Image
from aln.data.folder_labels import folder_labels
from aln.data.images import read_image
from aln.errors import ConfigError, DataError
from aln.localization import Localization
from aln.output import ResultFolder
from aln.pipeline import SHOWN_FAILURES, Summary, find_photographs, localize_into, localize_run
from tests.small_model import photograph, small_localizer


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """A folder of 24 photographs."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for index in range(24):
        (folder / f"{index:02}.png").write_bytes(cv2.imencode(".png", photograph(20, 30, index))[1].tobytes())
    return folder


def test_no_more_than_two_batches_are_held(
    many: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, most = 0, 0

    def read(path: Path) -> Image:
        nonlocal held, most
        held += 1
        most = max(most, held)
        return read_image(path)

    class Counting(ResultFolder):
        def write(self, found: Localization, overlay: Image | None = None, digest: str | None = None) -> None:
            nonlocal held
            held -= 1
            super().write(found, overlay, digest)

    monkeypatch.setattr(pipeline, "read_image", read)
    localizer = small_localizer()
    _, photographs = find_photographs([many], tmp_path / "found")
    summary = localize_into(Counting(tmp_path / "found", {}), localizer, photographs)
    assert summary == Summary(localized=24, skipped=0, failures={})
    assert most <= 2 * localizer.config.localize.batch_size


def test_ctrl_c_says_how_to_continue(many: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(path: Path) -> Image:
        if path.name == "12.png":
            raise KeyboardInterrupt
        return read_image(path)

    _, photographs = find_photographs([many], tmp_path / "found")
    console = Console(file=StringIO())
    folder = ResultFolder(tmp_path / "found", {})
    with monkeypatch.context() as patched:
        patched.setattr(pipeline, "read_image", read)
        with pytest.raises(KeyboardInterrupt):
            localize_into(folder, small_localizer(), photographs, console=console)
    assert isinstance(console.file, StringIO)
    assert "the same command continues" in console.file.getvalue()
    summary = localize_into(ResultFolder(tmp_path / "found", {}), small_localizer(), photographs)
    assert summary.localized + summary.skipped == 24


def test_photographs_that_changed_are_localized_again(many: Path, tmp_path: Path) -> None:
    _, photographs = find_photographs([many], tmp_path / "found")
    localize_into(ResultFolder(tmp_path / "found", {}), small_localizer(), photographs)
    (many / "07.png").write_bytes(cv2.imencode(".png", photograph(40, 25, 7))[1].tobytes())
    (many / "20.png").write_bytes(b"damaged")
    console = Console(file=StringIO())
    folder = ResultFolder(tmp_path / "found", {})
    summary = localize_into(folder, small_localizer(), photographs, overlays=False, console=console)
    assert (summary.localized, summary.skipped, list(summary.failures)) == (1, 22, ["20.png"])
    assert isinstance(console.file, StringIO)
    told = "photographs that have changed since are localized again (2): 07.png, 20.png\n"
    assert told in console.file.getvalue()
    lines = (tmp_path / "found" / "localizations.jsonl").read_text().splitlines()
    sizes = {row["image"]: (row["width"], row["height"]) for row in map(json.loads, lines)}
    assert len(lines) == len(sizes) == 23
    assert {name for name, size in sizes.items() if size != (30, 20)} == {"07.png"}
    assert sizes["07.png"] == (25, 40)
    assert not (tmp_path / "found" / "overlays" / "07.png.jpg").exists(), "one of the photograph before"
    again = localize_into(ResultFolder(tmp_path / "found", {}), small_localizer(), photographs)
    assert (again.localized, again.skipped) == (0, 23)


def test_results_of_before_there_were_digests_are_kept(many: Path, tmp_path: Path) -> None:
    _, photographs = find_photographs([many], tmp_path / "found")
    localize_into(ResultFolder(tmp_path / "found", {}), small_localizer(), photographs)
    log = tmp_path / "found" / "localizations.jsonl"
    rows = [json.loads(line) for line in log.read_text().splitlines()]
    older = "".join(json.dumps({k: v for k, v in row.items() if k != "digest"}) + "\n" for row in rows)
    assert len(older) < len(log.read_text())
    log.write_text(older)
    summary = localize_into(ResultFolder(tmp_path / "found", {}), small_localizer(), photographs)
    assert summary == Summary(localized=0, skipped=24, failures={})
    assert log.read_text() == older


def test_each_photograph_is_localized_for_the_class_of_its_folder(many: Path, tmp_path: Path) -> None:
    localizer = small_localizer()
    place = {}
    for index, path in enumerate(sorted(many.iterdir())):
        name = localizer.class_names[index % 2]
        place[f"{name}/more/{path.name}"] = name
        (many / name / "more").mkdir(parents=True, exist_ok=True)
        path.rename(many / name / "more" / path.name)
    (many / localizer.class_names[0] / "more" / "02.png").write_bytes(b"damaged")
    root, photographs = find_photographs([many], tmp_path / "found")
    labels = folder_labels(photographs, root, localizer.class_names)
    folder = ResultFolder(tmp_path / "found", {})
    assert localize_into(folder, localizer, photographs, labels=labels).localized == 23
    lines = (tmp_path / "found" / "localizations.jsonl").read_text(encoding="utf-8").splitlines()
    found = {line["image"]: line["label"] for line in map(json.loads, lines)}
    assert found == {name: known for name, known in place.items() if not name.endswith("/02.png")}


def test_photographs_are_named_below_their_folder(many: Path, tmp_path: Path) -> None:
    root, photographs = find_photographs([many / "00.png", many], tmp_path / "found")
    assert root == many
    assert list(photographs) == [f"{index:02}.png" for index in range(24)]


def test_masks_of_annotated_photographs_are_not_localized(tmp_path: Path) -> None:
    for name in ("photos/cat/1.png", "photos/masks/cat/1.png", "photos/dog/2.png", "photos/masks.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    for given in ("photos", "."):
        _, photographs = find_photographs([tmp_path / given], tmp_path / "found")
        names = sorted(path.relative_to(tmp_path).as_posix() for path in photographs.values())
        assert names == ["photos/cat/1.png", "photos/dog/2.png", "photos/masks.png"]


def test_results_among_the_photographs_are_not_localized(many: Path, tmp_path: Path) -> None:
    """Neither those that are written now, by whatever path, nor those of a call before."""
    names = [f"{index:02}.png" for index in range(24)]
    for name in ("now/masks/00.png.png", "before/masks/00.png.png"):
        (many / name).parent.mkdir(parents=True)
        shutil.copy(many / "00.png", many / name)
    (many / "before" / "localizations.jsonl").touch()
    (tmp_path / "link").symlink_to(many, target_is_directory=True)
    for out in (many / "now", many / ".." / "photos" / "now", tmp_path / "link" / "now"):
        assert list(find_photographs([many], out)[1]) == names


@pytest.mark.parametrize("out", [".", "photos", "photos/../photos", "link"])
def test_results_do_not_go_where_all_photographs_lie(
    many: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, out: str
) -> None:
    (tmp_path / "link").symlink_to(many, target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    for given in ([many], [many / "00.png", many / "01.png"]):
        with pytest.raises(DataError, match=rf"{out}: all photographs .*lie in this.*another --out folder"):
            find_photographs(given, Path(out))
    assert len(find_photographs([many], Path(out) / "found")[1]) == 24


def test_a_name_without_room_is_a_failure_of_its_own(many: Path, tmp_path: Path) -> None:
    name = f"{'x' * 248}.png"
    (many / "07.png").rename(many / name)
    _, photographs = find_photographs([many], tmp_path / "found")
    folder = ResultFolder(tmp_path / "found", {})
    summary = localize_into(folder, small_localizer(), photographs, overlays=False)
    assert summary.localized == 23
    assert list(summary.failures) == [name]
    with pytest.raises(DataError, match="too long"):
        localize_into(folder, small_localizer(), {name: many / name}, strict=True)


@pytest.mark.parametrize(
    ("summary", "expected"),
    [
        (Summary(3, 0, {}), ["3 localized, 0 failed"]),
        (Summary(3, 2, {}), ["3 localized, 2 done before, 0 failed"]),
        (Summary(0, 0, {"a": "a: is empty"}), ["0 localized, 1 failed", "a: is empty"]),
        (Summary(3, 0, {}, "why"), ["3 localized, 0 failed", "Not all annotations are written: why"]),
    ],
    ids=["all well", "continued", "one failed", "not written"],
)
def test_the_summary_says_what_was_done(summary: Summary, expected: list[str]) -> None:
    assert list(summary.lines()) == expected


def test_a_long_list_of_failures_is_cut_short() -> None:
    failures = {str(number): f"{number}: is empty" for number in range(SHOWN_FAILURES + 5)}
    lines = list(Summary(0, 0, failures).lines())
    assert len(lines) == SHOWN_FAILURES + 2
    assert lines[-1] == "... and 5 more, all listed in failures.jsonl"


def test_a_format_without_room_for_the_classes_is_refused_at_once(
    tiny_run: Path, photographs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aln.export.voc.MOST", 1)
    with pytest.raises(ConfigError, match="voc has room for 1 classes"):
        localize_run(tiny_run, [photographs], tmp_path / "found", {}, formats=["csv", "voc"])
    assert not (tmp_path / "found").exists()


def test_paths_may_be_text(tiny_run: Path, photographs: Path, tmp_path: Path) -> None:
    names: list[Path | str] = [str(photographs / "a.jpg"), photographs / "b b.png"]
    out = f"{tmp_path}/found"
    assert localize_run(str(tiny_run), names, out, {}, overlays=False).localized == 2
    assert convert(out, ["csv"], str(photographs)) == [tmp_path / "found" / "annotations" / "csv"]


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"rules": "otsu"}, "no setting called 'localize.rules', did you mean 'rule'"),
        ({"min_area": 5.0}, "localize.min_area: .*less than or equal to 1"),
        ({"boxes": "some"}, "localize.boxes: .*'largest' or 'all'"),
        ({"batch_size": 0}, "localize.batch_size: "),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_settings_are_checked(
    tiny_run: Path, photographs: Path, tmp_path: Path, settings: dict[str, str | float], problem: str
) -> None:
    with pytest.raises(ConfigError, match=problem):
        localize_run(tiny_run, [photographs], tmp_path / "found", settings)
    assert not (tmp_path / "found").exists()


def test_results_of_two_smallest_areas_are_not_mixed(
    tiny_run: Path, photographs: Path, tmp_path: Path
) -> None:
    names, out = [photographs / "a.jpg"], tmp_path / "found"
    assert localize_run(tiny_run, names, out, {}).localized == 1
    manifest = json.loads((out / "run.json").read_text())
    del manifest["min_area"]  # as older ones are
    (out / "run.json").write_text(json.dumps(manifest))
    assert localize_run(tiny_run, names, out, {}).skipped == 1
    with pytest.raises(DataError, match=r"holds results with min_area 0\.005, not 0\.1; "):
        localize_run(tiny_run, names, out, {"min_area": 0.1})
    localize_run(tiny_run, names, out, {"min_area": 0.1}, redo=True)
    assert json.loads((out / "run.json").read_text())["min_area"] == 0.1
