"""Opening class folders as a user's settings would."""

from __future__ import annotations

from pathlib import Path

from aln.config import DataConfig
from aln.data import GroundTruth, LabelledImages, Split, open_images, open_truth

HEADER = "image,x0,y0,x1,y1\n"


def images_in(path: Path, split: Split = "train-weaksup", /, **options: str) -> LabelledImages:
    """The photographs of a split."""
    return open_images(DataConfig(path=str(path), format="folder", options=dict(options)), split)


def truth_in(path: Path, **options: str) -> GroundTruth | None:
    """The boxes and masks of the split `test`, if there are any."""
    return open_truth(DataConfig(path=str(path), format="folder", options=dict(options)), "test")


def known_truth_in(path: Path, **options: str) -> GroundTruth:
    """The same, where there must be some."""
    truth = truth_in(path, **options)
    assert truth is not None
    return truth
