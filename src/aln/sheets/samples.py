"""The poster's sheet of samples, of photographs picked by their place in the data set."""

from __future__ import annotations

from pathlib import Path

from aln.config import DataConfig
from aln.data import open_images, open_truth
from aln.data.base import Split
from aln.evaluation.trivial import spaced
from aln.localizer import Localizer
from aln.sheets.entries import Entry, localized
from aln.visualize import Sample, sample_sheet
from aln.visualize.drawing import Picture


def sheet_of(
    run: Path | str, data: DataConfig, *, split: Split = "test", count: int = 24, device: str = "auto"
) -> Picture:
    """A sheet like the poster's, of `count` photographs evenly spaced over the data set, RGB uint8 (H, W, 3).

    Each is localized for its true class, and true boxes are drawn, where they are known. Photographs that
    can't be read are left out.

    Raises:
        AlnError: For a folder that is no model, an unknown device, or photographs none of which can be read.
    """
    localizer = Localizer.load(run, device)
    images = open_images(data, split)
    truth = open_truth(data, split)
    found = localized(Entry(localizer, localizer.config.localize.method), images, spaced(len(images), count))
    return sample_sheet(
        Sample(
            pixels,
            result.score_map,
            result.mask,
            truth[result.image_id].boxes[0] if truth is not None and result.image_id in truth else None,
            result.boxes[0] if len(result.boxes) else None,
        )
        for _, pixels, result in found
    )
