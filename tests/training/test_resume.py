"""A run that was killed or stopped, and resumed, equals the unbroken one bit for bit."""

from __future__ import annotations

import json
import os
import shlex
import signal
from pathlib import Path

import cv2
import numpy as np
import pytest

from aln.config import Config, load_config
from aln.errors import AlnError, ConfigError, ModelError, TrainingError
from aln.model_io import load_model, record_scores
from aln.training import train
from aln.training.checkpoints import load_checkpoint, save_checkpoint
from aln.training.trainer import Trainer
from tests.conftest import TINY, tiny_config
from tests.training import runs

pytestmark = pytest.mark.usefixtures("without_pictures")


def test_the_unbroken_run_is_lively(unbroken: Path) -> None:
    """What is compared below does change while it trains."""
    lines = runs.log_lines(unbroken)
    assert [line["phase"] for line in lines] == ["warm-up", "adversarial", "adversarial", "self-training"]
    assert len({line["area_weight"] for line in lines[1:3]}) == 2
    assert sum(line["classifier_trains"] for line in lines[1:3]) > 0


def test_the_trust_is_part_of_the_trained_model(unbroken: Path) -> None:
    corruption = load_model(unbroken).networks.corruption
    assert corruption is not None
    assert corruption.trust == load_checkpoint(unbroken)["teacher"]["prior.trust"]
    assert corruption.trust < 1


def test_killed_in_the_middle_of_an_epoch(unbroken: Path, cache_root: Path, tmp_path: Path) -> None:
    done = runs.aln_stopping_itself(signal.SIGKILL, 7, tmp_path / "run", cache_root)
    assert done.returncode == -signal.SIGKILL
    assert not (tmp_path / "run" / "model.safetensors").exists()
    assert load_checkpoint(tmp_path / "run")["epoch"] == 2
    runs.resumed(tmp_path / "run", cache_root)
    runs.assert_equal_runs(tmp_path / "run", unbroken)


def test_ctrl_c_on_the_command_line(unbroken: Path, cache_root: Path, tmp_path: Path) -> None:
    out = tmp_path / "my run"
    done = runs.aln_stopping_itself(signal.SIGINT, 4, out, cache_root)
    assert done.returncode == 130
    assert f"aln train shapes --out {shlex.quote(str(out))} --resume" in done.stderr
    assert "Traceback" not in done.stderr
    state = load_checkpoint(out)
    assert (state["epoch"], state["step"]) == (1, 2)
    assert state["seconds"] > 0
    runs.resumed(out, cache_root)
    runs.assert_equal_runs(out, unbroken)


@pytest.mark.parametrize(
    ("at", "epoch", "step"),
    [(0, 0, 1), (2, 1, 0), (3, 1, 1), (5, 2, 0), (7, 2, 2), (8, 3, 0), (9, 3, 1)],
    ids=[
        "first step",
        "end of warm-up",
        "first adversarial step",
        "end of an epoch",
        "last adversarial epoch",
        "end of the game",
        "first step of self-training",
    ],
)
def test_ctrl_c_at_any_step(
    unbroken: Path,
    cache_root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    at: int,
    epoch: int,
    step: int,
) -> None:
    with monkeypatch.context() as patched:
        runs.before_step(patched, at, lambda _: os.kill(os.getpid(), signal.SIGINT))
        console = runs.quiet()
        with pytest.raises(KeyboardInterrupt):
            train(runs.lively_config(), tmp_path / "run", cache_root=cache_root, console=console)
    assert "--resume" in runs.said(console)
    state = load_checkpoint(tmp_path / "run")
    assert (state["epoch"], state["step"]) == (epoch, step)
    runs.resumed(tmp_path / "run", cache_root)
    runs.assert_equal_runs(tmp_path / "run", unbroken)


def test_ctrl_c_in_the_very_last_step_finishes(
    unbroken: Path, cache_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs.before_step(monkeypatch, 11, lambda _: os.kill(os.getpid(), signal.SIGINT))
    train(runs.lively_config(), tmp_path / "run", cache_root=cache_root, console=runs.quiet())
    runs.assert_equal_runs(tmp_path / "run", unbroken)


@pytest.mark.parametrize("dies_in", ["add", "state"], ids=["before the log line", "before the checkpoint"])
def test_a_death_at_the_end_of_an_epoch_loses_no_line(
    unbroken: Path, cache_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dies_in: str
) -> None:
    class DeathError(Exception):
        pass

    def dying(*_: object) -> None:
        raise DeathError

    with monkeypatch.context() as patched:
        owner = "aln.training.records.RunLog" if dies_in == "add" else "aln.training.trainer.Trainer"
        runs.before_step(patched, 5, lambda _: patched.setattr(f"{owner}.{dies_in}", dying))
        with pytest.raises(DeathError):
            train(runs.lively_config(), tmp_path / "run", cache_root=cache_root, console=runs.quiet())
    runs.resumed(tmp_path / "run", cache_root)
    runs.assert_equal_runs(tmp_path / "run", unbroken)


def test_a_run_killed_before_its_first_checkpoint_starts_anew(
    unbroken: Path, cache_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dying(_: Trainer) -> None:
        raise KeyError

    with monkeypatch.context() as patched:
        runs.before_step(patched, 1, dying)
        with pytest.raises(KeyError):
            train(runs.lively_config(), tmp_path / "run", cache_root=cache_root, console=runs.quiet())
    runs.resumed(tmp_path / "run", cache_root)
    runs.assert_equal_runs(tmp_path / "run", unbroken)


def test_resuming_a_finished_run_changes_nothing(unbroken: Path, cache_root: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    train(runs.lively_config(), run, cache_root=cache_root, console=runs.quiet())
    record_scores(run, [{"metric": "metric_1", "value": 50.0}], key=["metric"])
    before = (run / "model.json").read_bytes()
    runs.resumed(run, cache_root)
    runs.assert_equal_runs(run, unbroken)
    assert (run / "model.json").read_bytes() == before  # with its scores


def test_resuming_a_finished_run_mends_its_model(unbroken: Path, cache_root: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    train(runs.lively_config(), run, cache_root=cache_root, console=runs.quiet())
    (run / "model.safetensors").write_bytes(b"cut short")
    runs.resumed(run, cache_root)
    runs.assert_equal_runs(run, unbroken)


def test_a_run_goes_on_at_another_device(
    unbroken: Path, cache_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    with monkeypatch.context() as patched:
        runs.before_step(patched, 4, lambda _: os.kill(os.getpid(), signal.SIGINT))
        with pytest.raises(KeyboardInterrupt):
            train(runs.lively_config(), run, cache_root=cache_root, console=runs.quiet())
    text = (run / "config.toml").read_text(encoding="utf-8")
    assert 'device = "auto"' in text
    (run / "config.toml").write_text(text.replace('"auto"\nthreads', '"cuda:97"\nthreads'), encoding="utf-8")
    with pytest.raises(
        ConfigError, match=r"training\.device 'cuda:97' can't be used here .*try 'auto' or 'cpu'"
    ):
        runs.resumed(run, cache_root)  # its own, unless told otherwise
    here = tiny_config("training.device=cpu", "training.epochs=9")
    train(here, run, resume=True, cache_root=cache_root, console=runs.quiet())
    runs.assert_equal_runs(run, unbroken)
    assert load_model(run).config.training.device == "cpu"


def test_photographs_that_moved_are_found(cache_root: Path, tmp_path: Path) -> None:
    _write_photographs(tmp_path / "photos")
    run = tmp_path / "run"
    train(_config_of(tmp_path / "photos"), run, cache_root=cache_root, console=runs.quiet())
    (run / "model.json").unlink()
    (tmp_path / "new disk").mkdir()
    moved = (tmp_path / "photos").rename(tmp_path / "new disk" / "photos")
    train(_config_of(moved), run, resume=True, cache_root=cache_root, console=runs.quiet())
    assert load_model(run).config.data.path == str(moved)


def test_a_setting_newer_than_a_checkpoint_had_its_default(
    unbroken: Path, cache_root: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    train(runs.lively_config(), run, cache_root=cache_root, console=runs.quiet())
    state = load_checkpoint(run)
    settings = json.loads(state["settings"])
    del settings["training"]["temperature"]
    save_checkpoint(run, {**state, "settings": json.dumps(settings)})
    runs.resumed(run, cache_root)
    assert (run / "model.safetensors").read_bytes() == (unbroken / "model.safetensors").read_bytes()
    del settings["training"]["batch_size"]
    save_checkpoint(run, {**state, "settings": json.dumps(settings)})
    with pytest.raises(ModelError, match=r"config\.toml: was changed since"):
        runs.resumed(run, cache_root)


def _changed_photograph(photos: Path, run: Path) -> None:
    path = photos / "a" / "3.png"
    path.write_bytes(cv2.imencode(".png", np.full((40, 40, 3), 77, np.uint8))[1].tobytes())


def _truncated_checkpoint(photos: Path, run: Path) -> None:
    path = run / "checkpoint.ckpt"
    path.write_bytes(path.read_bytes()[:-100])


def _changed_setting(photos: Path, run: Path) -> None:
    path = run / "config.toml"
    text = path.read_text(encoding="utf-8")
    assert "batch_size = 32" in text
    path.write_text(text.replace("batch_size = 32", "batch_size = 16"), encoding="utf-8")


def _no_settings(photos: Path, run: Path) -> None:
    (run / "config.toml").unlink()


def test_what_can_not_be_resumed(cache_root: Path, tmp_path: Path) -> None:
    photos, run = tmp_path / "photos", tmp_path / "run"
    _write_photographs(photos)
    config = _config_of(photos)
    train(config, run, cache_root=cache_root, console=runs.quiet())
    files = {path: path.read_bytes() for path in (*photos.rglob("*.png"), *run.glob("*.*")) if path.is_file()}
    cases = (
        (_changed_photograph, TrainingError, "the photographs have changed.*--overwrite"),
        (_truncated_checkpoint, ModelError, "is truncated or was changed.*--overwrite"),
        (_changed_setting, ModelError, "config.toml: was changed since"),
        (_no_settings, TrainingError, "holds no run to resume; train without --resume"),
    )
    for damage, error, message in cases:
        for path, content in files.items():
            path.write_bytes(content)
        damage(photos, run)
        with pytest.raises(error, match=message):
            train(config, run, resume=True, cache_root=cache_root, console=runs.quiet())


def _config_of(photos: Path) -> Config:
    settings = [setting for setting in TINY if not setting.startswith("data.")]
    return load_config(overrides=settings, settings={"data": {"path": str(photos), "format": "folder"}})


def _write_photographs(photos: Path) -> None:
    rng = np.random.default_rng(0)
    for name in ("a", "b"):
        (photos / name).mkdir(parents=True)
        for index in range(16):
            picture = rng.integers(0, 256, (40, 40, 3), dtype=np.uint8)
            (photos / name / f"{index}.png").write_bytes(cv2.imencode(".png", picture)[1].tobytes())


def test_a_folder_without_a_run(cache_root: Path, tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(AlnError, match="holds no run to resume"):
            runs.resumed(folder, cache_root)
    assert not (tmp_path / "nowhere").exists()
