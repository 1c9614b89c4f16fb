from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from aln import sources
from aln.errors import ConfigError, DataError
from aln.sources import Photograph, Source, batches, opened
from tests.small_model import photograph

IMAGE = photograph(5, 7)


@pytest.mark.parametrize(
    ("source", "image_id"),
    [
        pytest.param(IMAGE, "image-0", id="pixels"),
        pytest.param(("a name", IMAGE), "a name", id="name-and-pixels"),
    ],
)
def test_names(source: Source, image_id: str) -> None:
    (found,) = opened([source], None, None)
    assert (found.image_id, found.label) == (image_id, None)
    assert np.array_equal(found.image, IMAGE)


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(np.zeros((5, 7), np.uint8), id="grey"),
        pytest.param(np.zeros((5, 7, 4), np.uint8), id="alpha"),
        pytest.param(np.zeros((0, 7, 3), np.uint8), id="empty"),
        pytest.param(np.zeros((5, 7, 3), np.float32), id="float"),
        pytest.param(Path("nowhere.jpg"), id="missing-file"),
    ],
)
def test_a_bad_photograph_is_skipped_with_its_label_or_raised(bad: Source) -> None:
    told: list[tuple[str, Exception]] = []
    found = list(opened([IMAGE, bad, IMAGE], [3, 4, 5], lambda name, error: told.append((name, error))))
    assert [photograph.label for photograph in found] == [3, 5]
    assert [type(error) for _, error in told] == [DataError]
    with pytest.raises(DataError):
        list(opened([bad], None, None))


def test_too_few_labels_are_an_error() -> None:
    with pytest.raises(ConfigError, match="none for photograph 1"):
        list(opened([IMAGE, IMAGE], [0], None))


def test_photographs_are_read_only_when_they_are_needed() -> None:
    endless = opened(itertools.repeat(IMAGE), itertools.count(), None)
    first = next(iter(batches(endless, 4)))
    assert [photograph.label for photograph in first] == [0, 1, 2, 3]


def test_a_batch_of_large_photographs_ends_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "BATCH_PIXELS", 100)
    sides = [5, 5, 9, 5, 20, 5]
    made = [Photograph(str(side), photograph(side, side), None) for side in sides]
    assert [[p.image_id for p in batch] for batch in batches(made, 3)] == [
        ["5", "5", "9"],
        ["5", "20"],
        ["5"],
    ]
