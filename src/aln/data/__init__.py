"""Data sets: `open_images` for training and everything else, `open_truth` for evaluation only."""

from __future__ import annotations

from pathlib import Path

from aln.config import DataConfig
from aln.data import cluttered_eth80 as _cluttered_eth80  # noqa: F401
from aln.data import folder as _folder  # noqa: F401
from aln.data import oxford_pets as _oxford_pets  # noqa: F401
from aln.data import shapes as _shapes  # noqa: F401
from aln.data import tiny_imagenet as _tiny_imagenet  # noqa: F401
from aln.data.base import FORMATS, DataFormat, GroundTruth, LabelledImages, Split, Truth, shared_ids
from aln.errors import DataError

__all__ = [
    "FORMATS",
    "DataFormat",
    "GroundTruth",
    "LabelledImages",
    "Split",
    "Truth",
    "detect_format",
    "open_images",
    "open_truth",
    "revision",
    "shared_ids",
]


def open_images(config: DataConfig, split: Split) -> LabelledImages:
    """The photographs and classes of one split.

    Raises:
        DataError: If the path holds no data set of the format; says how to arrange it.
        ConfigError: If the format or one of its options is unknown.
    """
    path, data_format = _resolved(config)
    return data_format.open_images(path, split, config.options)


def open_truth(config: DataConfig, split: Split) -> GroundTruth | None:
    """The ground truth of one split, or None where the data set has none; raises as `open_images` does."""
    path, data_format = _resolved(config)
    return data_format.open_truth(path, split, config.options)


def revision(config: DataConfig) -> str:
    """A digest that changes when photographs or annotations to measure on are corrected; see `DataFormat`.

    "" for data sets that are as they were published.
    """
    path, data_format = _resolved(config)
    return "" if data_format.revision is None else data_format.revision(path, config.options)


def detect_format(path: Path) -> str:
    """Name of the format that recognises `path`; `folder`, which takes any folder, is asked last.

    Raises:
        DataError: If none does; lists the formats.
    """
    for name in sorted(FORMATS, key=lambda name: name == "folder"):
        if FORMATS[name].detect(path):
            return name
    problem = "holds no known data set" if path.exists() else "does not exist"
    raise DataError(
        f"{path}: {problem}; give a folder with one folder of photographs for each class, or set data.format "
        f"to one of: {', '.join(FORMATS)}"
    )


def _resolved(config: DataConfig) -> tuple[Path, DataFormat]:
    if not config.path:
        raise DataError(
            "no data set given; name the folder that holds one folder of photographs for each class"
        )
    path = Path(config.path).expanduser()
    return path, FORMATS[detect_format(path) if config.format == "auto" else config.format]
