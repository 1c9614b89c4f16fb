"""The best centred box when it may choose its side on the test images, as the oracles of score maps may.

    python benchmarks/centred_box.py --data ../shared/data

MaxBoxAccV2 gives each score map the threshold that is best on the test images, for each IoU level anew. A
method that draws a box has but one. Here the centred box has the same choice: its side, for each IoU level.

A box that is best over all images is too large for the smaller half, those whose object covers less than half
of the image. In the second table its side is chosen for that half alone: on that half of `train-fullsup`, as
an honest box must be, and on the test images themselves.

Writes results/centred_box.json and results/centred_box.md.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

from aln.benchmark.config import read_benchmark
from aln.benchmark.tables import table
from aln.boxes import FloatArray
from aln.config import DataConfig
from aln.data import open_images
from aln.data.base import LabelledImages, Truth
from aln.errors import DataError
from aln.evaluation.metrics import CORRECT_IOU, is_small
from aln.evaluation.trivial import best_side, overlaps_of_sides, relative_boxes
from aln.measure import required_truth, truth_apart

HERE = Path(__file__).parent
CONFIGS = ("cluttered-eth80", "oxford-pets-3", "tiny-imagenet-20", "tiny-imagenet-100")
SIDES = tuple(step / 100 for step in range(1, 101))
LEVELS = (0.3, 0.5, 0.7)


def oracle(relative: list[FloatArray]) -> dict[float, tuple[float, float]]:
    """For each IoU level the percentage of images that the best centred box gets right, and its side.

    Args:
        relative: For each image float32 (N, 4), truth boxes in fractions of its width and height.
    """
    overlaps = overlaps_of_sides(relative, SIDES)
    right = {level: (overlaps >= level).mean(axis=0) for level in LEVELS}
    return {level: (100 * float(hits.max()), SIDES[int(hits.argmax())]) for level, hits in right.items()}


def smaller_half(relative: list[FloatArray]) -> list[FloatArray]:
    """Those whose boxes each cover less than half of the image."""
    whole = (1, 1)
    return [boxes for boxes in relative if is_small(Truth(boxes), whole)]


def accuracy(relative: list[FloatArray], side: float) -> float:
    """The percentage of images that the centred box of this side gets right."""
    return 100 * float((overlaps_of_sides(relative, [side]) >= CORRECT_IOU).mean())


def _row(config: Path, data: Path) -> dict[str, object]:
    benchmark = read_benchmark(config)
    settings = benchmark.config_of(benchmark.trainings[0], 0, data, 1).data
    measured = open_images(settings, "test")
    relative = relative_boxes(measured, required_truth(settings, "test"))
    found = oracle(relative)
    small = smaller_half(relative)
    side = best_side(smaller_half(_apart(settings, measured)))
    best, best_at = oracle(small)[CORRECT_IOU]
    return {
        "dataset": benchmark.name,
        "n_images": len(relative),
        "n_small": len(small),
        "side_small": side,
        "accuracy_small": round(accuracy(small, side), 2),
        "accuracy_of_small_side": round(accuracy(relative, side), 2),
        "best_side_small": best_at,
        "best_accuracy_small": round(best, 2),
        "max_box_acc_v2": round(fmean(value for value, _ in found.values()), 2),
        **{f"accuracy_{level}": round(value, 2) for level, (value, _) in found.items()},
        **{f"side_{level}": side for level, (_, side) in found.items()},
    }


def _apart(settings: DataConfig, measured: LabelledImages) -> list[FloatArray]:
    """Boxes of those of `train-fullsup` that are not measured."""
    truth = truth_apart(settings, measured)
    if truth is None:
        raise DataError(f"{settings.path}: no photograph of train-fullsup has a box that is not of test too")
    return relative_boxes(open_images(settings, "train-fullsup"), truth)


def _page(rows: Sequence[dict[str, object]], command: str) -> str:
    told, told_small = ((__doc__ or "").split("\n\n")[place].replace("\n", " ") for place in (2, 3))
    by_level = table(
        ["data set", "images", "MaxBoxAccV2", *(f"IoU ≥ {level} (side)" for level in LEVELS)],
        [
            [
                *(str(row[key]) for key in ("dataset", "n_images", "max_box_acc_v2")),
                *(f"{row[f'accuracy_{level}']} ({row[f'side_{level}']})" for level in LEVELS),
            ]
            for row in rows
        ],
    )
    of_small = table(
        ["data set", "images", "Metric 1 (side)", "over all images", "chosen on the test images (side)"],
        [
            [
                *(str(row[key]) for key in ("dataset", "n_small")),
                f"{row['accuracy_small']} ({row['side_small']})",
                str(row["accuracy_of_small_side"]),
                f"{row['best_accuracy_small']} ({row['best_side_small']})",
            ]
            for row in rows
        ],
    )
    title = "# The best centred box, its side chosen on the test images"
    return (
        "\n\n".join([f"`{command}`", title, told, by_level, "## The smaller half", told_small, of_small])
        + "\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--out", type=Path, default=HERE / "results", help="folder for the results")
    arguments = parser.parse_args()
    rows = [_row(HERE / f"{name}.toml", arguments.data) for name in CONFIGS]
    page = _page(rows, f"python benchmarks/centred_box.py --data {arguments.data}")
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / "centred_box.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    (arguments.out / "centred_box.md").write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
