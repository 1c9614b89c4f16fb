"""cluttered-eth80: cutting out, pasting, and splits that share neither instance nor background."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aln.config import DataConfig
from aln.data import open_images
from aln.data.cluttered_eth80 import Eth80Scenes, cut_out, paste
from aln.errors import DataError
from tests.data.files import write_eth80, write_zip


def _object() -> tuple[np.ndarray, np.ndarray]:
    """A red object of 10x14 pixels on a blue ground."""
    mask = np.zeros((24, 24), np.bool_)
    mask[6:20, 4:14] = True
    image = np.where(mask[..., None], [220, 0, 0], [0, 0, 255]).astype(np.uint8)
    return image, mask


@pytest.mark.parametrize("side", [7.0, 14.0, 21.0, 40.0])
def test_cut_out_has_the_longer_side_and_none_of_the_old_background(side: float) -> None:
    image, mask = _object()
    colour, alpha = cut_out(image, mask, side)
    assert alpha.shape == (round(side), round(side * 10 / 14))
    np.testing.assert_allclose(colour[..., 0], 220 * alpha, atol=1e-3)
    np.testing.assert_allclose(colour[..., 2], 0, atol=1e-3)


def test_edges_of_a_scaled_cut_out_are_soft() -> None:
    image, mask = _object()
    mask[6:13, 4:9] = False
    alpha = cut_out(image, mask, 9.0)[1]
    assert ((alpha > 0.05) & (alpha < 0.95)).any()


def test_paste_blends_and_marks_what_is_at_least_half_object() -> None:
    background = np.full((8, 8, 3), 100, np.uint8)
    alpha = np.array([[1.0, 0.5], [0.25, 0.0]], np.float32)
    colour = np.full((2, 2, 3), 200, np.float32) * alpha[..., None]
    image, mask = paste(background, colour, alpha, 5, 3)
    assert image[3:5, 5:7, 0].tolist() == [[200, 150], [125, 100]]
    assert np.argwhere(mask).tolist() == [[3, 5], [3, 6]]
    image[3:5, 5:7] = 100
    assert (image == background).all()


def test_splits_share_no_instance_and_no_background(tmp_path: Path) -> None:
    root = write_eth80(tmp_path)
    train, fullsup, test = (
        Eth80Scenes(root, split, {}) for split in ("train-weaksup", "train-fullsup", "test")
    )
    instances = [
        {name.split("-")[0][-2:] for name in maker._names["cup"]} for maker in (train, fullsup, test)
    ]
    assert instances == [{"p1", "p8"}, {"p1", "p8"}, {"p9", "10"}]
    backgrounds = [set(maker._background_names) for maker in (train, fullsup, test)]
    assert [len(names) for names in backgrounds] == [4, 2, 2]
    assert len(set.union(*backgrounds)) == 8


def test_fewer_images_for_choosing_and_testing(tmp_path: Path) -> None:
    config = DataConfig(path=str(write_eth80(tmp_path)))
    assert len(open_images(config, "train-weaksup")) == 8000
    assert len(open_images(config, "train-fullsup")) == len(open_images(config, "test")) == 1600


def test_missing_parts_name_the_way_out(tmp_path: Path) -> None:
    root = write_zip(tmp_path / "eth80.zip", {"notes.txt": "nothing here"})
    with pytest.raises(DataError, match=r"holds no images/<class>/\*\.jpg of ETH-80"):
        open_images(DataConfig(path=str(root)), "test")
    config = DataConfig(path=str(write_eth80(tmp_path)), options={"backgrounds": str(tmp_path / "gone")})
    with pytest.raises(DataError, match=r"gone: no Tiny-ImageNet here.*data\.options\.backgrounds"):
        open_images(config, "test")
