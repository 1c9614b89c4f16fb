"""Which trainings an ablation needs, and where they are kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from aln.ablation import ABLATIONS, Arm, Plan
from aln.config import preset_names
from aln.errors import ConfigError
from aln.training.variants import VARIANTS

SHAPES = {"path": "shapes", "format": "shapes"}


def plan(
    *names: str, preset: str = "poster", seeds: tuple[int, ...] = (0, 1), **more: tuple[str, ...]
) -> Plan:
    return Plan(names, preset, more.get("settings", ()), SHAPES, seeds, Path("out"))


def folders(found: Plan) -> list[str]:
    return [run.folder.name for run in found.arms()]


@pytest.mark.parametrize(
    ("name", "preset"),
    [
        (name, preset)
        for name in ABLATIONS
        for preset in ([ABLATIONS[name].preset] if ABLATIONS[name].preset else preset_names())
    ],
)
def test_every_ablation_can_be_trained_with_its_presets(name: str, preset: str) -> None:
    found = plan(name, preset=preset)
    for run in (*found.warm_starts(), *found.arms()):
        VARIANTS[run.config.training.variant].check(run.config)
    assert len(found.arms()) == 2 * len(ABLATIONS[name].arms)  # no two arms are the same


def test_arms_that_differ_in_how_they_localize_share_a_training() -> None:
    found = plan("ingredients", preset="default", seeds=(0,))
    recipe = [run for run in found.arms() if run.folder.name == "recipe-seed-0"]
    measured = [(run.config.localize.method, run.config.localize.rule) for run in recipe]
    assert measured == [("aln", "moments"), ("aln_class_agnostic", "moments"), ("aln", "paper")]
    trained = [run for run in found.trainings() if run.folder.name == "recipe-seed-0"]
    assert [run.key for run in trained] == [recipe[0].key]
    assert len(found.trainings()) == len(found.arms()) - 2


def test_every_seed_and_a_fresh_one_have_a_warm_start() -> None:
    runs = plan("freeze").warm_starts()
    assert [run.folder for run in runs] == [Path("out/warm-starts", f"seed-{s}") for s in (0, 1, 1000)]
    assert {run.config.training.variant for run in runs} == {"classifier"}
    assert [run.config.training.seed for run in runs] == [0, 1, 1000]


def test_arms_begin_with_the_warm_start_of_their_seed() -> None:
    for run in plan("freeze").arms():
        training = run.config.training
        assert training.warmup_epochs == 0
        assert Path(training.warm_start) == Path("out/warm-starts", f"seed-{training.seed}")


def test_all_arms_of_a_seed_come_before_the_next_seed() -> None:
    first = [f"trainable_layers={count}-seed-0" for count in range(4)] + ["recipe-seed-0"]
    assert folders(plan("freeze")) == [*first, *(name.replace("seed-0", "seed-1") for name in first)]


@pytest.mark.parametrize(
    ("preset", "expected"),
    [("poster", ["recipe", "area_power=2"]), ("default", ["area_power=1", "recipe"])],
)
def test_arms_are_named_after_what_they_change(preset: str, expected: list[str]) -> None:
    names = [name.removesuffix("-seed-0") for name in folders(plan("penalty", preset=preset, seeds=(0,)))]
    assert names == [*expected, "area_weight=0.0+area_weight_min=0.0"]


def test_ablations_share_the_recipe_itself() -> None:
    names = [name for name in ABLATIONS if not ABLATIONS[name].preset]
    alone = [folder for name in names for folder in folders(plan(name, seeds=(0,)))]
    assert alone.count("recipe-seed-0") == 5
    assert folders(plan(*names, seeds=(0,))) == list(dict.fromkeys(alone))


def test_an_arm_that_changes_the_warm_up_has_a_warm_start_of_its_own() -> None:
    found = plan("ingredients", preset="default", seeds=(0, 1))
    own = {run.folder.name: run.config.training for run in found.other_warm_starts()}
    assert list(own) == ["warmup_occlusion=0.0-seed-0", "warmup_occlusion=0.0-seed-1"]
    assert {(training.variant, training.warmup_occlusion) for training in own.values()} == {
        ("classifier", 0.0)
    }
    starts = {Path(run.config.training.warm_start).name for run in found.arms()}
    assert starts == {"seed-0", "seed-1", *own}


def test_settings_change_warm_starts_and_arms() -> None:
    found = plan("balance", settings=("training.batch_size=8", "training.epochs=2"))
    for run in (*found.warm_starts(), *found.arms()):
        assert (run.config.training.batch_size, run.config.training.epochs) == (8, 2)


def test_an_arm_wins_over_settings() -> None:
    found = plan("freeze", settings=("training.trainable_layers=2",))
    run = found.arm(Arm("frozen", ("training.trainable_layers=0",)), 0)
    assert run.config.training.trainable_layers == 0


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [("freez", (), "did you mean 'freeze'"), ("freeze", ("training.epoch=1",), "did you mean 'epochs'")],
)
def test_mistakes(name: str, settings: tuple[str, ...], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        plan(name, settings=settings).arms()
