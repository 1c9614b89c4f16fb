"""What every registered variant must do: train, stop, resume, save, load, localize, and see no box."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from aln.data.base import FORMATS
from aln.errors import ConfigError, DataError
from aln.localizer import Localizer
from aln.methods import METHODS
from aln.model_io import load_model
from aln.training import train
from aln.training.checkpoints import load_checkpoint
from aln.training.variants import VARIANTS
from tests.conftest import tiny_config
from tests.small_model import photograph
from tests.training import runs

pytestmark = pytest.mark.usefixtures("without_pictures")
EVERY = pytest.mark.parametrize("name", list(VARIANTS))
NEW = pytest.mark.parametrize("name", [name for name in VARIANTS if name != "aln"])  # see test_resume.py


def configured(name: str, *overrides: str) -> list[str]:
    quick = {"casm": ["training.variant_options.every=2", "training.warmup_epochs=0"]}
    return [f"training.variant={name}", *quick.get(name, []), *overrides]


@EVERY
def test_is_used_with_a_method_that_exists(name: str) -> None:
    method = METHODS[VARIANTS[name].method]
    assert not method.extra or VARIANTS[name].method == name


@NEW
def test_a_run_that_was_stopped_equals_the_unbroken_one(
    cache_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    config = runs.lively_config(*configured(name))
    unbroken, stopped = tmp_path / "unbroken", tmp_path / "stopped"
    train(config, unbroken, cache_root=cache_root, console=runs.quiet())
    with monkeypatch.context() as patched:
        runs.before_step(patched, 1, lambda _: os.kill(os.getpid(), signal.SIGINT))
        with pytest.raises(KeyboardInterrupt):
            train(config, stopped, cache_root=cache_root, console=runs.quiet())
    runs.resumed(stopped, cache_root)
    runs.assert_equal_runs(stopped, unbroken)
    _its_networks_are_saved_and_localize(unbroken, name)


def _its_networks_are_saved_and_localize(run: Path, name: str) -> None:
    state, networks = load_checkpoint(run), load_model(run).networks.by_name()
    for network, module in networks.items():
        weights = module.state_dict()
        assert all(weights[key].equal(state[network][key]) for key in weights)
    (found,) = Localizer.load(run).localize([("one", photograph(40, 50))])
    assert found.method == VARIANTS[name].method
    assert len(found.boxes) == 1


@pytest.mark.parametrize("name", [name for name in VARIANTS if VARIANTS[name].weakly_supervised])
def test_weakly_supervised_training_opens_no_truth(cache_root: Path, tmp_path: Path, name: str) -> None:
    config = tiny_config(*configured(name, "training.warmup_epochs=1", "data.options.count=40"))
    with _opening_truth(DataError("the truth was opened")):
        train(config, tmp_path / "run", cache_root=cache_root, console=runs.quiet())


def test_the_ceiling_opens_boxes_of_train_fullsup_alone(cache_root: Path, tmp_path: Path) -> None:
    config = tiny_config(*configured("supervised", "data.options.count=40"))
    with _opening_truth(None) as opened:
        train(config, tmp_path / "run", cache_root=cache_root, console=runs.quiet())
    assert opened == ["train-fullsup"]


def test_a_chosen_method_is_kept(cache_root: Path, tmp_path: Path) -> None:
    config = tiny_config(*configured("has", "localize.method=grad_cam", "data.options.count=40"))
    run = train(config, tmp_path / "run", cache_root=cache_root, console=runs.quiet())
    assert load_model(run).config.localize.method == "grad_cam"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["training.variant=hass"], "no training variant called 'hass'; did you mean 'has'"),
        (["training.variant=has", "training.variant_options.hid=0.5"], "'hid' is unknown; its options: hide"),
        (
            ["training.variant=has", "training.variant_options.hide=2"],
            "training variant 'has': option 'hide'",
        ),
        (["training.variant=aln", "training.variant_options.hide=0.5"], "its options: none"),
    ],
    ids=["name", "option", "value", "no options"],
)
def test_mistakes_are_named_before_any_photograph_is_read(
    cache_root: Path, tmp_path: Path, settings: list[str], message: str
) -> None:
    config = tiny_config(*settings, "data.path=nowhere", "data.format=folder")
    with pytest.raises(ConfigError, match=message):
        train(config, tmp_path / "run", cache_root=cache_root, console=runs.quiet())


@contextmanager
def _opening_truth(error: Exception | None) -> Iterator[list[str]]:
    """Watch, or forbid, the opening of ground truth."""
    opened: list[str] = []
    shapes = FORMATS["shapes"]

    def watching(path: Path, split: str, options: object) -> object:
        opened.append(split)
        if error:
            raise error
        return shapes.open_truth(path, split, options)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patched:
        changed = type(shapes)(shapes.summary, shapes.detect, shapes.open_images, watching)  # type: ignore[arg-type]
        patched.setitem(FORMATS._entries, "shapes", changed)
        yield opened
