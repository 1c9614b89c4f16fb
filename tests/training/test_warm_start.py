"""A classifier alone, and runs that begin with it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from aln.errors import ConfigError, ModelError
from aln.model_io import load_model
from aln.training import train
from aln.training.checkpoints import load_checkpoint
from aln.training.warm_start import begin_with
from tests.conftest import tiny_config
from tests.training import made_up, runs


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory, cache_root: Path) -> Path:
    """Folder of a classifier without a corruption net."""
    config = runs.lively_config("training.variant='classifier'")
    return train(
        config, tmp_path_factory.mktemp("alone") / "run", cache_root=cache_root, console=runs.quiet()
    )


def begin(alone: Path, out: Path, cache_root: Path, *settings: str) -> Path:
    """A run of one epoch that begins with the classifier in `alone`."""
    config = runs.lively_config("training.warmup_epochs=0", "training.epochs=1", *settings)
    training = config.training.model_copy(update={"warm_start": str(alone)})
    config = config.model_copy(update={"training": training})
    return train(config, out, cache_root=cache_root, console=runs.quiet())


def test_a_classifier_alone_has_no_corruption_net(alone: Path) -> None:
    assert load_model(alone).networks.corruption is None
    assert [line["phase"] for line in runs.log_lines(alone)] == ["warm-up"]


def test_a_classifier_alone_equals_the_warm_up_of_the_game(
    alone: Path, tmp_path: Path, cache_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warm: dict[str, torch.Tensor] = {}
    runs.before_step(
        monkeypatch, runs.STEPS, lambda trainer: warm.update(made_up.weights(trainer.variant.classifier))
    )
    train(runs.lively_config(), tmp_path / "game", cache_root=cache_root, console=runs.quiet())
    assert made_up.same(made_up.weights(load_model(alone).networks.classifier), warm)


def test_a_frozen_run_ends_with_the_classifier_it_began_with(
    alone: Path, tmp_path: Path, cache_root: Path
) -> None:
    run = begin(alone, tmp_path / "run", cache_root, "training.trainable_layers=0")
    began, ended = (load_model(folder).networks.classifier for folder in (alone, run))
    assert made_up.same(made_up.weights(began), made_up.weights(ended))
    line = runs.log_lines(run)[0]
    assert line["classifier_trains"] == 0
    assert line["clean_accuracy"] == runs.log_lines(alone)[-1]["clean_accuracy"]


@pytest.mark.parametrize("trainable", [1, 3, -1])
def test_the_other_layers_stay(alone: Path, tmp_path: Path, cache_root: Path, trainable: int) -> None:
    settings = (f"training.trainable_layers={trainable}", "balance.gate=false")
    run = begin(alone, tmp_path / "run", cache_root, *settings)
    began, ended = (load_model(folder).networks.classifier.from_output() for folder in (alone, run))
    kept = [made_up.same(made_up.weights(a), made_up.weights(b)) for a, b in zip(began, ended, strict=True)]
    assert kept == [index >= trainable >= 0 for index in range(5)]


def test_the_balance_aims_from_the_accuracy_of_the_start(
    alone: Path, tmp_path: Path, cache_root: Path
) -> None:
    run = begin(alone, tmp_path / "run", cache_root)
    clean = load_checkpoint(run)["balance"]["clean_accuracy"]
    assert clean == pytest.approx(runs.log_lines(alone)[-1]["clean_accuracy"], abs=1e-6)


def test_a_finished_run_needs_its_start_no_more(alone: Path, tmp_path: Path, cache_root: Path) -> None:
    run = begin(alone, tmp_path / "run", cache_root)
    text = (run / "config.toml").read_text(encoding="utf-8")
    (run / "config.toml").write_text(text.replace(str(alone), "gone"), encoding="utf-8")
    assert runs.resumed(run, cache_root) == run


@pytest.mark.parametrize(
    "setting", ["model.classifier_widths=[8, 8, 16, 8]", "model.classifier_norm='group'"]
)
def test_a_start_that_is_built_in_another_way(
    alone: Path, tmp_path: Path, cache_root: Path, setting: str
) -> None:
    with pytest.raises(ModelError, match=r"built in another way.*model\.classifier_widths"):
        begin(alone, tmp_path / "run", cache_root, setting)


def test_a_start_that_knows_other_classes(alone: Path) -> None:
    with pytest.raises(ModelError, match=r"knows the classes .*, but the photographs show ant, bee;"):
        begin_with(load_model(alone), made_up.classifier(), ("ant", "bee"))


def test_a_start_that_is_no_model(tmp_path: Path, cache_root: Path) -> None:
    with pytest.raises(ModelError, match="is no trained model"):
        begin(tmp_path / "nowhere", tmp_path / "run", cache_root)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (("training.trainable_layers=6",), "has 5 layers with its head"),
        (("training.variant='classifier'", "training.warmup_epochs=0"), "set at least 1"),
    ],
)
def test_settings_that_are_refused(
    tmp_path: Path, cache_root: Path, settings: tuple[str, ...], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        train(tiny_config(*settings), tmp_path / "run", cache_root=cache_root, console=runs.quiet())


def test_provenance_of_a_classifier_alone(alone: Path) -> None:
    told = json.loads((alone / "model.json").read_text(encoding="utf-8"))
    assert told["networks"] == ["classifier"]
    assert told["provenance"]["epochs"] == 1
