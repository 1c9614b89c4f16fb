"""The sheet of sample masks."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from aln.training.pictures import SAMPLES, sample_indices, write_sheet
from tests.training import made_up


@pytest.mark.parametrize("count", [3, 16, 90])
def test_samples_are_spread_over_the_classes(count: int) -> None:
    cache = made_up.cache(count)
    indices = sample_indices(cache)
    assert len(indices) == len(set(indices.tolist())) == min(count, SAMPLES)
    per_class = np.bincount(cache.labels[indices], minlength=made_up.CLASSES)
    assert per_class.max() - per_class.min() <= 1


def test_the_sheet_is_a_picture_and_leaves_the_network(tmp_path: Path) -> None:
    batches, corruption = made_up.batches(20), made_up.corruption_net().train()
    before = made_up.weights(corruption)
    indices = sample_indices(batches.cache)
    path = tmp_path / "sheets" / "one.png"
    write_sheet(path, batches.cache, batches.plain(indices), indices, corruption)
    picture = cv2.imread(str(path))
    assert picture is not None
    assert picture.std() > 5
    assert made_up.same(made_up.weights(corruption), before)
