"""The loop itself: phases, learning rates, seeds, presets, and masks that collapse."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import torch

from aln.config import load_config
from aln.errors import TrainingError
from aln.model_io import load_model
from aln.training import train
from aln.training.checkpoints import load_checkpoint
from tests.conftest import TINY
from tests.training import runs

pytestmark = pytest.mark.usefixtures("without_pictures")


def test_the_same_seed_gives_the_same_run(unbroken: Path, cache_root: Path, tmp_path: Path) -> None:
    torch.manual_seed(99)
    torch.rand(5)  # the global generator has no say
    train(runs.lively_config(), tmp_path / "run", cache_root=cache_root, console=runs.quiet())
    runs.assert_equal_runs(tmp_path / "run", unbroken)


def test_another_seed_gives_another_run(unbroken: Path, cache_root: Path, tmp_path: Path) -> None:
    config = runs.lively_config("training.seed=1")
    train(config, tmp_path / "run", cache_root=cache_root, console=runs.quiet())
    assert runs.log_lines(tmp_path / "run") != runs.log_lines(unbroken)


def test_the_log_tells_every_phase(unbroken: Path) -> None:
    lines = runs.log_lines(unbroken)
    common = {"epoch", "phase", "clean_accuracy", "classifier_loss"}
    game = {"corruption_loss", "corrupted_accuracy", "area", "area_weight", "classifier_trains"}
    assert set(lines[0]) == common
    assert all(set(line) | {"classifier_loss"} == common | game for line in lines[1:3])
    assert set(lines[3]) == common - {"classifier_loss"} | {"corruption_loss", "area"}
    assert [line["epoch"] for line in lines] == [0, 1, 2, 3]
    for line in lines:
        for name in ("clean_accuracy", "corrupted_accuracy", "area", "classifier_trains"):
            assert 0 <= line.get(name, 0) <= 1


def test_the_model_holds_what_was_trained(unbroken: Path) -> None:
    saved, state = load_model(unbroken), load_checkpoint(unbroken)
    for name in ("classifier", "corruption"):
        weights = getattr(saved.networks, name).state_dict()
        assert all(torch.equal(weights[key], state[name][key]) for key in weights)
    assert len(saved.class_names) == 6
    provenance = json.loads((unbroken / "model.json").read_text(encoding="utf-8"))["provenance"]
    assert provenance["seed"] == 0
    assert provenance["images"] == 96
    assert provenance["epochs"] == runs.EPOCHS
    assert provenance["data_fingerprint"] == state["fingerprint"]
    assert provenance["seconds"] > 0
    assert {"device", "precision", "torch"} <= provenance.keys()
    assert provenance["training"]["area"] == runs.log_lines(unbroken)[-1]["area"]


def test_learning_rates_follow_a_cosine_in_each_phase(
    cache_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[float] = []
    step = torch.optim.AdamW.step

    def watching(self: torch.optim.AdamW) -> object:
        seen.append(self.param_groups[0]["lr"])
        return step(self)

    monkeypatch.setattr(torch.optim.AdamW, "step", watching)
    config = runs.lively_config("balance.gate=false")
    train(config, tmp_path / "run", cache_root=cache_root, console=runs.quiet())

    def cosine(peak: float, steps: int) -> list[float]:
        return [peak * (0.1 + 0.9 * (1 + math.cos(math.pi * k / steps)) / 2) for k in range(steps)]

    settings = config.training
    game = zip(cosine(settings.corruption_lr, 6), cosine(settings.classifier_lr, 6), strict=True)
    alone = cosine(settings.warmup_lr, 3), cosine(settings.corruption_lr, 3)
    expected = [*alone[0], *(rate for pair in game for rate in pair), *alone[1]]
    assert seen == pytest.approx(expected)


@pytest.mark.parametrize("preset", ["poster", "default"])
def test_presets_train(cache_root: Path, tmp_path: Path, preset: str) -> None:
    where = {"data": {"path": "shapes", "format": "shapes"}}
    config = load_config(preset, [*TINY, "training.epochs=1"], settings=where)
    run = train(config, tmp_path / "run", cache_root=cache_root, console=runs.quiet())
    assert json.loads((run / "model.json").read_text())["provenance"]["preset"] == preset
    assert len(runs.log_lines(run)) == 2


def test_no_warm_up(cache_root: Path, tmp_path: Path) -> None:
    alone = ("training.freeze_statistics=false", "balance.gate=false", "balance.steer=none")
    config = runs.lively_config("training.warmup_epochs=0", "training.epochs=1", *alone)
    train(config, tmp_path / "run", cache_root=cache_root, console=runs.quiet())
    assert [line["phase"] for line in runs.log_lines(tmp_path / "run")] == ["adversarial", "self-training"]


def test_max_images_cuts_the_data_short(cache_root: Path, tmp_path: Path) -> None:
    config = runs.lively_config("training.max_images=40", "training.epochs=1")
    run = train(config, tmp_path / "run", cache_root=cache_root, console=runs.quiet())
    assert json.loads((run / "model.json").read_text())["provenance"]["images"] == 40


@pytest.mark.parametrize(
    ("area_weight", "covers", "change"), [(1e3, "nothing", "Lower"), (0.0, "everything", "Raise")]
)
def test_collapsed_masks_stop_the_run(
    cache_root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    area_weight: float,
    covers: str,
    change: str,
) -> None:
    config = runs.lively_config(
        "balance.steer='none'",
        f"balance.area_weight={area_weight}",
        "training.corruption_lr=1.0",
        "training.epochs=9",
        "model.corruption_reads_classifier=false",
    )
    console = runs.quiet()
    monkeypatch.setattr("aln.training.collapse.COLLAPSED", 0.1)
    with pytest.raises(TrainingError, match=rf"collapsed: they cover {covers} .*{change} balance"):
        train(config, tmp_path / "run", cache_root=cache_root, console=console)
    state = load_checkpoint(tmp_path / "run")
    assert state["epoch"] == len(runs.log_lines(tmp_path / "run")) >= 1  # the last good epoch's
    assert not (tmp_path / "run" / "model.safetensors").exists()
