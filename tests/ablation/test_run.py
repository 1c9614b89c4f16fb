"""A whole ablation, really trained, only small."""

from __future__ import annotations

import io
import json
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from rich.console import Console

from aln.ablation import Plan, ablate
from aln.ablation.measuring import arm_rows
from aln.ablation.plan import FRESH, Run
from aln.ablation.trained import complete
from aln.benchmark.processes import in_processes
from aln.config import read_config
from aln.data.shapes import ShapeScenes
from aln.errors import AlnError, ConfigError, DivergedError, TrainingError
from aln.training.stopped import STOPPED
from tests.conftest import TINY

SHAPES = {"path": "shapes", "format": "shapes"}


def quiet() -> Console:
    return Console(file=io.StringIO(), width=300)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """An ablation of two arms and one seed: leave it as it is."""
    out = tmp_path_factory.mktemp("ablation")
    plan = Plan(("sampling",), "poster", TINY, SHAPES, (0,), out / "out")
    ablate(plan, command="aln ablate", cache_root=out / "cache", console=quiet())
    return plan


def test_an_ablation_writes_rows_page_and_figure(done: Plan) -> None:
    rows = json.loads((done.out / "sampling.json").read_text(encoding="utf-8"))
    assert {row["arm"] for row in rows} == {"sampled", "probabilities"}
    for arm in ("sampled", "probabilities"):
        measured = {(row["method"], row["metric"]) for row in rows if row["arm"] == arm}
        assert {("aln", "drop_others"), ("random", "boundary"), ("aln", "mask_iou")} <= measured
        assert {("center_box", "metric_1"), ("max_box", "metric_1")} <= measured
    page = (done.out / "sampling.md").read_text(encoding="utf-8")
    assert "`aln ablate`" in page
    assert "2 of 2 trainings are done" in page
    assert (done.out / "sampling.png").exists()


def test_what_is_done_is_kept(done: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise AssertionError

    before = {path: path.read_bytes() for path in done.out.glob("sampling.*")}
    monkeypatch.setattr("aln.ablation.trained.train", fail)
    monkeypatch.setattr("aln.ablation.measuring.evaluate_run", fail)
    ablate(done, command="aln ablate", cache_root=tmp_path, console=quiet())
    assert {path: path.read_bytes() for path in done.out.glob("sampling.*")} == before


def test_an_arm_is_measured_as_it_localizes(done: Plan) -> None:
    run = done.arms()[0]
    others = [start.folder for start in done.warm_starts() if start.config.training.seed == FRESH]
    found = {}
    for method, rule in (("aln_class_agnostic", "otsu"), ("aln", "paper")):
        localize = run.config.localize.model_copy(update={"method": method, "rule": rule})
        config = run.config.model_copy(update={"localize": localize})
        start = Path(run.config.training.warm_start)
        rows = arm_rows(run.folder, start, others, config, max_images=20, console=quiet())
        own = {row.metric: row for row in rows if row.method == "aln"}
        assert own["metric_1"].rule == rule
        assert {row.method for row in rows if row.metric == "area"} == {"aln", "random"}
        found[rule] = own["area"].value
    assert found["otsu"] != found["paper"]


def test_corrected_annotations_are_measured_again(done: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise AlnError("measured again")

    monkeypatch.setattr("aln.ablation.measuring.evaluate_run", fail)
    ablate(done, command="aln ablate", console=quiet())
    monkeypatch.setattr("aln.ablation.measuring.revision", lambda _: "corrected")
    with pytest.raises(AlnError, match="measured again"):
        ablate(done, command="aln ablate", console=quiet())


def test_other_settings_need_another_folder(done: Plan) -> None:
    other = Plan(done.names, "poster", (*TINY, "training.batch_size=16"), SHAPES, (0,), done.out)
    with pytest.raises(AlnError, match=r"seed-0: was trained with other settings.*another --out"):
        ablate(other, command="aln ablate", console=quiet())


def test_other_photographs_need_another_folder(done: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ShapeScenes, "fingerprint", lambda _: "of others")
    with pytest.raises(AlnError, match=r"seed-0: was trained on other photographs; .*another --out"):
        ablate(done, command="aln ablate", console=quiet())


def test_finished_runs_in_processes_of_their_own(done: Plan, tmp_path: Path) -> None:
    work = partial(complete, threads=1, cache_root=tmp_path)
    found = {run.folder: stopped for run, stopped in in_processes(done.arms(), 2, work)}
    assert found == dict.fromkeys(run.folder for run in done.arms())


def test_ingredients_are_those_of_one_preset(tmp_path: Path) -> None:
    plan = Plan(("ingredients",), "poster", (), SHAPES, (0,), tmp_path)
    with pytest.raises(ConfigError, match="add --preset default"):
        ablate(plan, command="", console=quiet())


def test_the_seed_of_the_fresh_classifier_is_taken(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="seed 1000 is that of the fresh classifier"):
        ablate(Plan(("freeze",), "poster", (), SHAPES, (0, 1000), tmp_path), command="", console=quiet())


@pytest.mark.parametrize(
    ("error", "times"),
    [(DivergedError("the masks have collapsed"), 1), (TrainingError("the disk is full"), 2)],
    ids=["stopped itself", "was stopped"],
)
def test_only_a_training_that_stopped_itself_is_not_tried_again(
    tiny_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: TrainingError, times: int
) -> None:
    tried = []

    def stopping(*_: object, **__: object) -> None:
        tried.append(True)
        raise error

    monkeypatch.setattr("aln.ablation.trained.train", stopping)
    run = Run(read_config(tiny_run / "config.toml"), tmp_path / "run")
    for _ in range(2):
        assert complete(run, tmp_path / "log", threads=1, cache_root=None) == str(error)
    assert len(tried) == times


def test_arms_without_a_model_are_told(done: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(done.out, tmp_path / "out")
    plan = replace(done, out=tmp_path / "out")
    arm = next(run.folder for run in plan.arms() if "expectation" in run.folder.name)
    (arm / STOPPED).write_text("the masks have collapsed", encoding="utf-8")
    monkeypatch.setattr("aln.ablation.trained.train", None)
    ablate(plan, command="aln ablate", console=quiet())
    page = (plan.out / "sampling.md").read_text(encoding="utf-8")
    assert "* sampling, probabilities, seed 0: the masks have collapsed" in page
    assert "| sampled |" in page
