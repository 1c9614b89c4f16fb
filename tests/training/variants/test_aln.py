"""Settings that the game can't be played with, and what happens between the game and self-training."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path
from typing import Any

import pytest
import torch

from aln.errors import ConfigError
from aln.training import train
from aln.training.checkpoints import load_checkpoint
from aln.training.variants import chosen_variant
from tests.conftest import tiny_config
from tests.training import runs

pytestmark = pytest.mark.usefixtures("without_pictures")
GATE, STEER = "balance.gate=false", "balance.steer=none"
STATISTICS = "training.freeze_statistics=false"


@pytest.mark.parametrize(
    ("settings", "changes"),
    [
        ((), (STATISTICS, GATE)),
        ((STATISTICS,), (GATE,)),
        ((GATE,), (STATISTICS,)),
        ((GATE, "model.classifier_norm=group"), ()),
        (("balance.steer=accuracy",), (STATISTICS, GATE, STEER)),
        (("balance.steer=accuracy", STATISTICS, GATE), (STEER,)),
        (("balance.steer=area", STATISTICS, GATE), ()),
    ],
)
def test_a_game_without_a_start(settings: tuple[str, ...], changes: tuple[str, ...]) -> None:
    """Where the balance goes by an untrained classifier's accuracy, that one would never train."""
    none = ("training.warmup_epochs=0", *settings)
    if changes:
        advice = re.escape(f"or else set {' and '.join(changes)}")
        with pytest.raises(ConfigError, match=rf"^training\.warmup_epochs=0: .*at least 1.* {advice}$"):
            chosen_variant(tiny_config(*none))
    chosen_variant(tiny_config(*none, *changes))
    chosen_variant(tiny_config(*none, "training.warm_start=model"))


FINE_TUNED = ("training.epochs=1", "training.fine_tuning_epochs=1")


@pytest.fixture(scope="module")
def fine_tuned(cache_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of one epoch of each phase, three steps each."""
    out = tmp_path_factory.mktemp("fine-tuned") / "run"
    return train(runs.lively_config(*FINE_TUNED), out, cache_root=cache_root, console=runs.quiet())


def test_fine_tuning_comes_between_the_game_and_self_training(fine_tuned: Path) -> None:
    lines = runs.log_lines(fine_tuned)
    assert [line["phase"] for line in lines] == ["warm-up", "adversarial", "fine-tuning", "self-training"]
    assert set(lines[2]) == {"epoch", "phase", "classifier_loss", "clean_accuracy"}


@pytest.mark.parametrize("at", [5, 6, 7, 8, 9, 10])
def test_fine_tuning_that_was_stopped_equals_the_unbroken_one(
    fine_tuned: Path, cache_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    with monkeypatch.context() as patched:
        runs.before_step(patched, at, lambda _: os.kill(os.getpid(), signal.SIGINT))
        with pytest.raises(KeyboardInterrupt):
            train(
                runs.lively_config(*FINE_TUNED),
                tmp_path / "run",
                cache_root=cache_root,
                console=runs.quiet(),
            )
    runs.resumed(tmp_path / "run", cache_root)
    runs.assert_equal_runs(tmp_path / "run", fine_tuned)


def test_fine_tuning_is_of_the_classifier_alone_and_the_teacher_is_the_game_s(
    fine_tuned: Path, cache_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The networks before step 6, the first after the game, and before step 9, the first of self-training."""
    seen: dict[int, dict[str, Any]] = {}

    def watching(at: int) -> None:
        with monkeypatch.context() as patched:
            runs.before_step(patched, at, lambda trainer: seen.update({at: _copied(trainer.state())}))
            train(
                runs.lively_config(*FINE_TUNED),
                tmp_path / str(at),
                cache_root=cache_root,
                console=runs.quiet(),
            )

    watching(6)
    watching(9)
    game, whole, end = seen[6], seen[9], load_checkpoint(fine_tuned)
    assert game["teacher"] is None
    assert not _same(game["classifier"], whole["classifier"])
    assert _same(whole["classifier"], end["classifier"])
    assert not _same(whole["corruption"], end["corruption"])
    for state in (whole, end):
        for network in ("classifier", "corruption"):
            kept = {key: state["teacher"][f"{network}.{key}"] for key in game[network]}
            assert _same(kept, game[network])
    assert _same(whole["corruption"], game["corruption"])
    assert end["corruption"]["trust"] == end["teacher"]["prior.trust"] < 1


@pytest.mark.parametrize("variant", ["has", "casm"])
def test_peers_train_for_as_many_epochs(variant: str) -> None:
    plain, more = (
        tiny_config(f"training.variant={variant}", f"training.fine_tuning_epochs={n}") for n in (0, 4)
    )
    epochs = [sum(chosen_variant(config).phases(config).values()) for config in (plain, more)]
    assert epochs[1] == epochs[0] + 4


def _copied(state: dict[str, Any]) -> dict[str, Any]:
    """The weights of a state, as they are now."""
    return {
        name: None if part is None else {key: value.clone() for key, value in part.items()}
        for name, part in state.items()
        if name in ("classifier", "corruption", "teacher")
    }


def _same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)
