"""The sheet of sample masks."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from aln.errors import TrainingError
from aln.training.pictures import SAMPLES, drawing, sample_indices, write_sheet
from tests.training import made_up


@pytest.mark.parametrize("count", [3, 16, 90])
def test_samples_are_spread_over_the_classes(count: int) -> None:
    cache = made_up.cache(count)
    indices = sample_indices(cache)
    assert len(indices) == len(set(indices.tolist())) == min(count, SAMPLES)
    per_class = np.bincount(cache.labels[indices], minlength=made_up.CLASSES)
    assert per_class.max() - per_class.min() <= 1


def test_the_sheet_is_a_picture(tmp_path: Path) -> None:
    cache = made_up.cache(20)
    indices = sample_indices(cache)
    path = tmp_path / "sheets" / "one.png"
    maps = torch.rand(len(indices), made_up.SIDE, made_up.SIDE, generator=torch.Generator().manual_seed(0))
    write_sheet(path, cache.images[indices], maps)
    picture = cv2.imread(str(path))
    assert picture is not None
    assert picture.std() > 5


def test_a_picture_that_can_not_be_written(tmp_path: Path) -> None:
    (tmp_path / "sheets").write_text("in the way")
    path = tmp_path / "sheets" / "one.png"
    with (
        pytest.raises(
            TrainingError, match=r"one\.png: can't be written \(.*; make room, .*--resume$"
        ) as told,
        drawing(path),
    ):
        write_sheet(path, np.zeros((1, 8, 8, 3), np.uint8), torch.rand(1, 8, 8))
    assert "choose a folder" not in str(told.value)
