"""Figures of single images on disk, and several tables as one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aln.errors import DataError
from aln.evaluation.per_image import Column, PerImage, joined


def table(ids: str, **columns: list[float]) -> PerImage:
    """One image a letter, capitals small; a column of box IoUs for each method."""
    return PerImage(
        image_ids=tuple(ids),
        small=np.array([name.isupper() for name in ids], np.bool_),
        correct=np.array([name == "b" for name in ids], np.bool_),
        columns={
            Column(name, "paper", "box_iou"): np.array(values, np.float32) for name, values in columns.items()
        },
    )


def test_it_comes_back_as_it_was(tmp_path: Path) -> None:
    before = table("aBé", cam=[0.1, np.nan, 1], aln=[0, 0.5, 0.25])
    before.save(tmp_path / "new" / "x.npz")
    after = PerImage.load(tmp_path / "new" / "x.npz")
    assert after.image_ids == ("a", "B", "é")
    assert after.methods == ("cam", "aln")
    assert after.rules("cam") == ("paper",)
    assert after.small.tolist() == [False, True, False]
    assert after.correct.tolist() == [False, False, False]
    np.testing.assert_array_equal(after.get("cam", "paper"), before.get("cam", "paper"))
    np.testing.assert_array_equal(after.get("aln", "paper"), [0, 0.5, 0.25])


def test_some_of_the_methods() -> None:
    whole = table("ab", cam=[0.1, 1], aln=[0, 0.5])
    assert whole.only(["aln", "rise"]).methods == ("aln",)
    assert whole.methods == ("cam", "aln")


def test_no_columns_are_kept_too(tmp_path: Path) -> None:
    table("ab").save(tmp_path / "x.npz")
    assert PerImage.load(tmp_path / "x.npz").columns == {}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(None, "can't be read", id="missing"),
        pytest.param(b"", "holds no figures", id="empty"),
        pytest.param(b"PK\x03\x04 and no more", "holds no figures", id="cut"),
        pytest.param(b"text", "holds no figures", id="text"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "x.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        PerImage.load(path)
    assert str(path) in str(caught.value)


def test_an_array_alone_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "x.npz").open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(DataError, match="holds no figures"):
        PerImage.load(tmp_path / "x.npz")


def test_tables_of_different_images_are_joined() -> None:
    both = joined([table("abC", cam=[0.1, 0.2, 0.3]), table("bDa", rise=[0.5, 0.6, 0.7], cam=[9, 9, 9])])
    assert both.image_ids == ("a", "b", "C", "D")
    assert both.small.tolist() == [False, False, True, True]
    assert both.correct.tolist() == [False, True, False, False]
    np.testing.assert_allclose(both.get("cam", "paper"), [0.1, 0.2, 0.3, np.nan], rtol=1e-6)
    np.testing.assert_allclose(both.get("rise", "paper"), [0.7, 0.5, np.nan, 0.6], rtol=1e-6)
