"""Choosing a format: by name, by looking at the folder, and what is said where neither works."""

from __future__ import annotations

from pathlib import Path

import pytest

from aln.config import DataConfig
from aln.data import FORMATS, LabelledImages, detect_format, open_images
from aln.errors import ConfigError, DataError
from tests.data.files import write_files


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["wnids.txt"], "tiny-imagenet"),
        (["images/a_1.jpg", "annotations/trimaps/a_1.png"], "oxford-pets"),
        (["pets-128.zip"], "oxford-pets"),
        (["eth80-96.zip"], "cluttered-eth80"),
        (["cat/1.jpg", "dog/1.jpg"], "folder"),
        (["cat/1.jpg", "images/1.jpg"], "folder"),
    ],
)
def test_layouts_are_recognised(tmp_path: Path, files: list[str], expected: str) -> None:
    assert detect_format(write_files(tmp_path, dict.fromkeys(files, b""))) == expected


def test_shapes_is_a_word_unless_it_is_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert detect_format(Path("shapes")) == "shapes"
    Path("shapes").mkdir()
    assert detect_format(Path("shapes")) == "folder"


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone: does not exist; give a folder .*tiny-imagenet"):
        detect_format(tmp_path / "gone")
    write_files(tmp_path, {"photo.jpg": b""})
    with pytest.raises(DataError, match=r"photo\.jpg: holds no known data set"):
        detect_format(tmp_path / "photo.jpg")


@pytest.mark.parametrize(
    ("config", "error", "message"),
    [
        (DataConfig(), DataError, "no data set given"),
        (DataConfig(path="x", format="tiny-imagenett"), ConfigError, "did you mean 'tiny-imagenet'"),
    ],
)
def test_unusable_configurations(config: DataConfig, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        open_images(config, "test")


def test_a_home_folder_is_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(write_files(tmp_path, {"cat/1.jpg": b"", "dog/1.jpg": b""})))
    assert len(open_images(DataConfig(path="~"), "test")) == 2


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_says_what_it_is(name: str) -> None:
    summary = FORMATS[name].summary
    assert summary
    assert "\n" not in summary


def test_labelled_images_have_no_way_to_ground_truth() -> None:
    public = {name for name in vars(LabelledImages) if not name.startswith("_")}
    assert public == {"image_id", "label", "read", "digest", "fingerprint"}
