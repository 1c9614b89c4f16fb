"""The whole command on generated shapes: what it leaves, and what it does not do twice."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aln.benchmark import command, run_benchmark
from aln.benchmark.config import read_benchmark
from aln.benchmark.measure import Group, asked, groups, measured
from aln.benchmark.plan import Run, plan
from aln.benchmark.processes import in_processes
from aln.data.shapes import ShapeScenes
from aln.errors import ConfigError, DataError, DivergedError, NothingMissedError
from aln.training.stopped import STOPPED
from tests.benchmark.fakes import TINY_BENCHMARK, tiny_benchmark
from tests.data.files import photo, write_files

FILES = {
    *(f"tiny{end}" for end in (".json", "-differences.json", "-runs.json", "-images", ".md")),
    *(f"tiny-{name}.png" for name in ("sheet", "comparison", "failures", "histograms", "curves")),
}


@pytest.fixture
def places(tmp_path: Path) -> dict[str, Any]:
    return {
        "config": tiny_benchmark(tmp_path),
        "data": tmp_path,
        "runs": tmp_path / "runs",
        "cache": tmp_path / "cache",
    }


def test_it_is_made_once_and_goes_on(
    places: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = places["config"].parent / "results"
    stopped: list[str] = []

    def interrupted(run: Run, console: object) -> None:
        stopped.append(run.name)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(command, "measure", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run_benchmark(**places)
    assert stopped == ["default, seed 0"]
    assert not out.exists()

    assert run_benchmark(**places, only=["odd", "default,0"]) == {}
    assert {path.name for path in out.iterdir()} == FILES
    rows = json.loads((out / "tiny.json").read_text(encoding="utf-8"))
    assert {row["method"] for row in rows} >= {"max_box", "center_box", "cam", "aln", "backprop", "odd"}
    assert {row["preset"] for row in rows} == {"none", "default", "odd"}
    assert {row["n_images"] for row in rows if row["method"] == "backprop"} == {8}
    rules = {row["rule"].partition(":")[0] for row in rows if row["method"] == "cam"}
    assert rules >= {"paper", "max", "otsu", "fullsup", "best threshold"}
    page = (out / "tiny.md").read_text(encoding="utf-8")
    assert "2 of its 3 runs are done" in page
    assert page.count("| cpu, fp32 |") + page.count("| cpu, bf16 |") == 2
    assert all(name in page for name in FILES if name.endswith(".png"))
    _what_is_asked_is_part_of_the_key(places)
    _what_stopped_itself_earlier_stays_on_the_page(places, out)
    _no_misses_no_gallery(places, out)

    monkeypatch.setattr("aln.benchmark.plan.train", _refused)
    monkeypatch.setattr("aln.benchmark.measure.score", _refused)
    made = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    _what_stands_in_the_results_is_not_made_again(places)
    places["runs"].rename(places["runs"].with_name("gone"))
    _what_stands_in_the_results_is_not_made_again(places)
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == made
    _without_single_images_differences_stay(places, out)
    _a_setting_newer_than_a_record_has_its_default(places, out)
    _other_photographs_need_another_folder(places)
    _another_recipe_is_another_run(places, capsys)


def _refused(*_: object, **__: object) -> None:
    raise AssertionError("done already")


def _what_stands_in_the_results_is_not_made_again(places: dict[str, Any]) -> None:
    assert run_benchmark(**places, only=["odd", "default,0"]) == {}


def _what_stopped_itself_earlier_stays_on_the_page(places: dict[str, Any], out: Path) -> None:
    folder = places["runs"] / "tiny-default-1"
    folder.mkdir()
    (folder / STOPPED).write_text("the masks collapsed", encoding="utf-8")
    _what_stands_in_the_results_is_not_made_again(places)
    assert "default, seed 1 stopped: the masks collapsed" in (out / "tiny.md").read_text(encoding="utf-8")
    (folder / STOPPED).unlink()
    folder.rmdir()
    _what_stands_in_the_results_is_not_made_again(places)
    assert "stopped:" not in (out / "tiny.md").read_text(encoding="utf-8")


def _without_single_images_differences_stay(places: dict[str, Any], out: Path) -> None:
    before = json.loads((out / "tiny-differences.json").read_text(encoding="utf-8"))
    names: dict[str, Any] = {}
    (out / "tiny-images" / "odd-0.npz").unlink()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("aln.benchmark.pictures.iou_histograms", lambda overlaps, _: names.update(overlaps))
        assert run_benchmark(**places, only=["odd", "default,0"]) == {}
    assert {"center_box", "aln", "backprop"} <= names.keys()
    assert "odd" not in names
    assert json.loads((out / "tiny-differences.json").read_text(encoding="utf-8")) == before
    page = (out / "tiny.md").read_text(encoding="utf-8")
    assert "not kept of some seeds of `odd`" in page
    assert "The last two are without `odd`: no figures of single images are kept." in page


def _other_photographs_need_another_folder(places: dict[str, Any]) -> None:
    places["runs"].with_name("gone").rename(places["runs"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ShapeScenes, "fingerprint", lambda self: f"others, {self.split}")
        with pytest.raises(DataError, match=r"default-0: was trained on other photographs; .*another --runs"):
            run_benchmark(**places)
    places["runs"].rename(places["runs"].with_name("gone"))


def _a_setting_newer_than_a_record_has_its_default(places: dict[str, Any], out: Path) -> None:
    records = json.loads((out / "tiny-runs.json").read_text(encoding="utf-8"))
    for record in records:
        del record["settings"]["training"]["temperature"]
    (out / "tiny-runs.json").write_text(json.dumps(records), encoding="utf-8")
    _what_stands_in_the_results_is_not_made_again(places)


def _another_recipe_is_another_run(places: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    out = places["config"].parent / "results"
    before = {path.name: path.read_bytes() for path in out.glob("tiny*.*") if path.suffix in (".json", ".md")}
    text = places["config"].read_text(encoding="utf-8")
    places["config"].write_text(text.replace('"training.flip=false"', '"training.shift=0"'), encoding="utf-8")
    for _ in range(2):  # once only is there something to lose
        run_benchmark(**places, only=["default,0"])
    told = capsys.readouterr().err
    assert "has changed: odd, seed 0" in told
    assert "tiny-earlier-1: a copy of the results that stood there" in told
    aside = out / "tiny-earlier-1"
    assert {path.name: path.read_bytes() for path in aside.iterdir() if path.is_file()} == before
    assert (aside / "tiny-images" / "default-0.npz").exists()
    assert not (out / "tiny-earlier-2").exists()
    assert "odd" not in (out / "tiny.json").read_text(encoding="utf-8")
    with pytest.raises(AssertionError, match="done already"):
        run_benchmark(**places, only=["odd"])


def _no_misses_no_gallery(places: dict[str, Any], out: Path) -> None:
    def all_right(*_: object, **__: object) -> None:
        raise NothingMissedError

    gallery = out / "tiny-failures.png"
    before = gallery.read_bytes()
    gallery.unlink()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("aln.benchmark.pictures.worst_misses", all_right)
        _what_stands_in_the_results_is_not_made_again(places)
    assert not gallery.exists()
    _what_stands_in_the_results_is_not_made_again(places)
    assert gallery.read_bytes() == before


def _what_is_asked_is_part_of_the_key(places: dict[str, Any]) -> None:
    benchmark = read_benchmark(places["config"])
    run = plan(benchmark, data=places["data"], runs=places["runs"])[0]
    quick, slow = groups(run)
    assert list(quick.methods) == ["cam", "aln"]
    assert list(slow.methods) == ["backprop"]
    fewer = Group(
        run, {"backprop": slow.methods["backprop"].model_copy(update={"max_images": 4})}, first=False
    )
    assert slow.done
    assert not fewer.done
    assert not groups(replace(run, revision="corrected"))[0].done
    assert asked(run).keys() == asked(replace(run, revision="corrected")).keys()
    assert not asked(run).items() & asked(replace(run, revision="corrected")).items()
    kept = measured(run)
    assert kept is not None
    table = kept.table
    assert table is not None
    assert np.isnan(table.get("backprop", "paper")).sum() == len(table.image_ids) - 8


def test_a_run_that_stops_itself_is_reported_and_the_rest_goes_on(
    places: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []

    def collapsing(_: object, folder: Path, **__: object) -> None:
        tried.append(folder.name)
        folder.mkdir()
        raise DivergedError("the masks collapsed")

    monkeypatch.setattr("aln.benchmark.plan.train", collapsing)
    for _ in range(2):  # it would stop itself again
        failures = run_benchmark(**places)
        assert failures == dict.fromkeys(
            ("default, seed 0", "odd, seed 0", "default, seed 1"), "the masks collapsed"
        )
        assert tried == ["tiny-default-0", "tiny-odd-0", "tiny-default-1"]


def test_another_run_in_its_folder_is_left_alone(places: dict[str, Any], tiny_run: Path) -> None:
    places["runs"].mkdir()
    (places["runs"] / "tiny-odd-0").symlink_to(tiny_run)
    failures = run_benchmark(**places, only=["odd"])
    assert "was trained with other settings" in failures["odd, seed 0"]
    assert not plan(read_benchmark(places["config"]), data=Path(), runs=places["runs"])[1].finished


@pytest.mark.parametrize("only", ["none", "odd,7"])
def test_a_mistake_costs_nothing(places: dict[str, Any], only: str) -> None:
    with pytest.raises(ConfigError, match="--only"):
        run_benchmark(**places, only=[only])
    assert not places["runs"].exists()


def test_images_to_measure_on_are_not_those_to_train_on(
    places: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    boxes = "image,x0,y0,x1,y1\ncat/1.jpg,1,1,8,6\n"
    for folder, seed in (("pets", 0), ("held", 2), ("copied", 0)):
        photographs = {"cat/1.jpg": photo(seed=seed), "dog/2.jpg": photo(seed=seed + 1)}
        write_files(tmp_path / folder, {**photographs, "boxes.csv": boxes})
    shapes = '{ format = "shapes", path = "shapes", options = { count = 64 } }'
    monkeypatch.setattr(command, "in_turn", lambda runs, _: (run for run in runs[:0]))
    own = TINY_BENCHMARK.replace(shapes, '{ format = "folder", path = "pets" }')
    copied = own.replace('path = "pets"', 'path = "pets", options = { test = "copied" }')
    for same in (own, copied):
        with pytest.raises(DataError, match=r"pets: the photographs to measure on are those to train on"):
            run_benchmark(**{**places, "config": tiny_benchmark(tmp_path, same)})
    apart = own.replace('path = "pets"', 'path = "pets", options = { test = "held" }')
    assert run_benchmark(**{**places, "config": tiny_benchmark(tmp_path, apart)}) == {}


def _reason(run: Run, log: Path | None) -> str | None:
    if run.training.name == "odd":
        os.kill(os.getpid(), signal.SIGKILL)
    return "collapsed" if run.seed else None


def test_processes_tell_why_they_ended(places: dict[str, Any]) -> None:
    runs = plan(read_benchmark(places["config"]), data=places["data"], runs=places["runs"])
    ended = {run.name: reason for run, reason in in_processes(runs, 2, _reason)}
    assert ended == {
        "default, seed 0": None,
        "odd, seed 0": "its process ended with exit code -9 before it was done",
        "default, seed 1": "collapsed",
    }
