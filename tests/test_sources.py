from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from aln import sources
from aln.errors import ConfigError, DataError
from aln.sources import Photograph, Source, batches, class_index, class_indices, opened, require_list
from tests.small_model import photograph

IMAGE = photograph(5, 7)
NAMES = ("ant", "bee", "7")


def half_a_file() -> PillowImage.Image:
    """An image of Pillow's whose file ends too early, which is noticed when it is decoded."""
    file = BytesIO()
    PillowImage.fromarray(photograph(40, 50)).save(file, "PNG")
    return PillowImage.open(BytesIO(file.getvalue()[:500]))


@pytest.mark.parametrize(
    ("source", "image_id"),
    [
        pytest.param(IMAGE, "image-0", id="pixels"),
        pytest.param(("a name", IMAGE), "a name", id="name-and-pixels"),
        pytest.param(PillowImage.fromarray(IMAGE), "image-0", id="pillow"),
        pytest.param(PillowImage.fromarray(IMAGE).convert("RGBA"), "image-0", id="pillow-with-alpha"),
        pytest.param(("a name", PillowImage.fromarray(IMAGE)), "a name", id="name-and-pillow"),
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
        pytest.param(PillowImage.fromarray(np.zeros((5, 7), np.uint16)), id="pillow-16-bit"),
        pytest.param(PillowImage.fromarray(np.zeros((5, 7), np.float32)), id="pillow-float"),
        pytest.param(PillowImage.new("RGB", (0, 5)), id="pillow-empty"),
        pytest.param(half_a_file(), id="pillow-half-a-file"),
        pytest.param(None, id="nothing"),
        pytest.param(b"photo.jpg", id="bytes"),
        pytest.param(IMAGE.tolist(), id="nested-lists"),
        pytest.param((IMAGE, "a name"), id="the-wrong-way-round"),
        pytest.param(("a", "b", "c"), id="three"),
        pytest.param((), id="empty-pair"),
    ],
)
def test_a_bad_photograph_is_skipped_with_its_label_or_raised(bad: Source) -> None:
    told: list[tuple[str, Exception]] = []
    found = list(opened([IMAGE, bad, IMAGE], [3, 4, 5], lambda name, error: told.append((name, error))))
    assert [photograph.label for photograph in found] == [3, 5]
    assert [type(error) for _, error in told] == [DataError]
    with pytest.raises(DataError):
        list(opened([bad], None, None))


def test_a_grey_image_of_pillow_is_made_rgb() -> None:
    grey = PillowImage.fromarray(IMAGE[..., 0])
    (found,) = opened([grey], None, None)
    assert np.array_equal(found.image, np.repeat(IMAGE[..., :1], 3, axis=2))


@pytest.mark.parametrize(
    ("one", "message"),
    [
        pytest.param("photo.jpg", r"localize\(\['photo.jpg'\]\)", id="str"),
        pytest.param(Path("photo.jpg"), r"localize\(\['photo.jpg'\]\)", id="path"),
        pytest.param(IMAGE, "not one ndarray", id="pixels"),
        pytest.param(IMAGE[..., 0], "not one ndarray", id="grey"),
        pytest.param(PillowImage.fromarray(IMAGE), "not one Image", id="pillow"),
        pytest.param(None, "not one NoneType", id="nothing"),
    ],
)
def test_one_photograph_is_no_list(one: object, message: str) -> None:
    with pytest.raises(ConfigError, match=f"wants a list of photographs.*{message}"):
        require_list(one)


@pytest.mark.parametrize(
    "several",
    [
        pytest.param([], id="none"),
        pytest.param(np.stack([IMAGE, IMAGE]), id="stack"),
        pytest.param(np.array(["a.jpg"]), id="array-of-names"),
        pytest.param(iter([IMAGE]), id="iterator"),
    ],
)
def test_lists_of_any_kind_will_do(several: object) -> None:
    require_list(several)


@pytest.mark.parametrize(
    ("label", "index"),
    [(0, 0), ("bee", 1), ("7", 2), (np.int64(2), 2), (np.str_("ant"), 0)],
    ids=["index", "name", "digits-as-a-name", "numpy-index", "numpy-name"],
)
def test_classes_have_names_and_indices(label: int | str, index: int) -> None:
    assert class_index(label, NAMES) == index


@pytest.mark.parametrize(
    ("label", "message"),
    [
        pytest.param(3, "no class 3: the model has 3, from 0", id="too-large"),
        pytest.param(-1, "no class -1: the model has 3, from 0", id="negative"),
        pytest.param("been", "no class 'been'; the model has 3, like 'bee'", id="misspelt"),
        pytest.param("2", "no class '2'; the model has 3, like 'ant'", id="unknown"),
        pytest.param(1.0, "the name or the index of a class, not 1.0", id="float"),
        pytest.param(None, "the name or the index of a class, not None", id="nothing"),
    ],
)
def test_what_is_no_class_is_refused(label: int | str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        class_index(label, NAMES)


def lazily(labels: Iterable[int | str]) -> Iterator[int | str]:
    yield from labels


@pytest.mark.parametrize(
    ("labels", "photographs", "message"),
    [
        pytest.param([1, 2, 0], [IMAGE], "3 labels for 1 photographs; give one for each", id="too-many"),
        pytest.param(["ant"], [IMAGE] * 2, "1 labels for 2 photographs; give one for each", id="too-few"),
        pytest.param("ant", [IMAGE], r"labels wants a list.*labels=\['ant'\]", id="one-name"),
        pytest.param(1, [IMAGE], r"labels wants a list.*labels=\[1\]", id="one-index"),
        pytest.param(["ant", "bear"], [IMAGE] * 2, "no class 'bear'", id="unknown"),
    ],
)
def test_labels_that_lie_ready_are_checked_at_once(
    labels: list[int | str], photographs: list[Source], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        class_indices(labels, NAMES, photographs)


def test_labels_that_come_one_by_one_are_checked_as_they_come() -> None:
    chosen = iter(class_indices(lazily(["bee", 0, "bear"]), NAMES, [IMAGE]))
    assert [next(chosen), next(chosen)] == [1, 0]
    with pytest.raises(ConfigError, match="no class 'bear'"):
        next(chosen)


def test_too_many_labels_are_an_error_also_for_photographs_that_come_one_by_one() -> None:
    labels = class_indices([0, 1, 2], NAMES, lazily(["never read"]))  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="3 labels for 1 photographs"):
        list(opened(iter([IMAGE]), labels, None))


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
