"""The model behind a lock: the localizer's own answers, also for many at once, and nothing computed twice."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np
import pytest

from aln.errors import ConfigError
from aln.localization import Localization
from aln.localizer import Localizer
from aln.methods import METHODS
from aln.score_map import fine_superpixels
from aln.web.workshop import Choice, Recent, Workshop
from tests.small_model import photograph, small_localizer

IMAGES = [photograph(30 + 7 * seed, 64 - 5 * seed, seed) for seed in range(4)]


def same(a: Localization, b: Localization) -> bool:
    pairs = ((a.score_map, b.score_map), (a.mask, b.mask), (a.boxes, b.boxes), (a.box_scores, b.box_scores))
    return all(np.array_equal(x, y) for x, y in pairs) and (a.label, a.rule) == (b.label, b.rule)


@pytest.mark.parametrize("method", ["aln", "cam", "grad_cam"])
@pytest.mark.parametrize("rule", ["paper", "fixed:0.4"])
@pytest.mark.parametrize("label", [None, "bee"])
def test_answers_are_the_localizers(method: str, rule: str, label: str | None) -> None:
    localizer = small_localizer()
    workshop = Workshop(localizer)
    labels = None if label is None else [localizer.class_names.index(label)]
    (expected,) = localizer.localize([("a", IMAGES[0])], labels=labels, method=method, rule=rule, boxes="all")
    choice = Choice(method, rule, label, "all")
    assert same(workshop.localize(IMAGES[0], "a", choice), expected)
    assert same(workshop.localize(IMAGES[0], "a", choice, "key"), expected)
    assert same(workshop.localize(IMAGES[0], "a", choice, "key"), expected)


def test_another_rule_computes_no_map(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    localize = Localizer.localize

    def counted(self: Localizer, *given: Any, **options: Any) -> Iterator[Localization]:
        calls.append(options["method"])
        return localize(self, *given, **options)

    monkeypatch.setattr(Localizer, "localize", counted)
    workshop = Workshop(small_localizer())
    for rule in ("paper", "otsu", "fixed:0.1"):
        for method in ("aln", "cam"):
            workshop.localize(IMAGES[0], "a", Choice(method, rule), "key")
    assert calls == ["aln", "cam"]
    workshop.localize(IMAGES[0], "a", Choice("cam"), "other")
    assert calls == ["aln", "cam", "cam"]


def test_eight_at_once_get_their_own_answers() -> None:
    workshop = Workshop(small_localizer())
    work = [(seed, method) for seed in range(4) for method in ("aln", "cam")] * 3

    def one(seed: int, method: str) -> Localization:
        return workshop.localize(IMAGES[seed], str(seed), Choice(method), (seed, len(method) % 2))

    expected = {item: small_localizer_answer(*item) for item in set(work)}
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda item: one(*item), work))
    assert all(same(answer, expected[item]) for item, answer in zip(work, found, strict=True))


def small_localizer_answer(seed: int, method: str) -> Localization:
    return next(small_localizer().localize([(str(seed), IMAGES[seed])], method=method))


@pytest.mark.parametrize(
    ("choice", "problem"),
    [
        (Choice(method="camm"), "did you mean 'cam'"),
        (Choice(rule="fixed:2"), "out of range"),
        (Choice(label="wolf"), "no class 'wolf'"),
    ],
    ids=["method", "rule", "class"],
)
def test_unknown_choices_are_named(choice: Choice, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        Workshop(small_localizer()).localize(IMAGES[0], "a", choice, "key")


def test_methods_are_those_that_the_model_can_run() -> None:
    assert Workshop(small_localizer()).methods() == list(METHODS)
    alone = Workshop(small_localizer(corruption=False)).methods()
    assert set(METHODS) - set(alone) == {name for name in METHODS if METHODS[name].needs_corruption_net}


def test_superpixels_are_those_of_score_maps() -> None:
    workshop = Workshop(small_localizer())
    expected = fine_superpixels(IMAGES[1], workshop.localizer.config.superpixels)
    assert np.array_equal(workshop.superpixels(IMAGES[1]), expected)


def test_recent_values_make_room() -> None:
    made: list[int] = []
    recent: Recent[int] = Recent(lambda value: value, room=10)

    def make(value: int) -> int:
        made.append(value)
        return value

    for value in (4, 5, 4, 6, 4, 5, 50, 50):
        assert recent.get(value, partial(make, value)) == value
    assert made == [4, 5, 6, 5, 50]  # 6 pushed 5 out; one value may be larger than the room
