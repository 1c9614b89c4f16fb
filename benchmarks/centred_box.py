"""The best centred box when it may choose its side on the test images, as the oracles of score maps may.

    python benchmarks/centred_box.py --data ../shared/data

MaxBoxAccV2 gives each score map the threshold that is best on the test images, for each IoU level anew. A
method that draws a box has but one. Here the centred box has the same choice: its side, for each IoU level.

Writes results/centred_box.json and results/centred_box.md.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

from aln.benchmark.config import read_benchmark
from aln.boxes import FloatArray
from aln.data import open_images
from aln.evaluation.trivial import overlaps_of_sides, relative_boxes
from aln.measure import required_truth

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


def _row(config: Path, data: Path) -> dict[str, object]:
    benchmark = read_benchmark(config)
    settings = benchmark.config_of(benchmark.trainings[0], 0, data, 1).data
    relative = relative_boxes(open_images(settings, "test"), required_truth(settings, "test"))
    found = oracle(relative)
    return {
        "dataset": benchmark.name,
        "n_images": len(relative),
        "max_box_acc_v2": round(fmean(value for value, _ in found.values()), 2),
        **{f"accuracy_{level}": round(value, 2) for level, (value, _) in found.items()},
        **{f"side_{level}": side for level, (_, side) in found.items()},
    }


def _page(rows: Sequence[dict[str, object]], command: str) -> str:
    told = (__doc__ or "").split("\n\n")[2].replace("\n", " ")
    head = ["data set", "images", "MaxBoxAccV2", *(f"IoU ≥ {level} (side)" for level in LEVELS)]
    lines = [f"`{command}`", "", "# The best centred box, its side chosen on the test images", "", told, ""]
    lines += [f"| {' | '.join(head)} |", f"| --- |{' ---: |' * (len(head) - 1)}"]
    for row in rows:
        cells = [f"{row[f'accuracy_{level}']} ({row[f'side_{level}']})" for level in LEVELS]
        lines.append(
            f"| {row['dataset']} | {row['n_images']} | {row['max_box_acc_v2']} | {' | '.join(cells)} |"
        )
    return "\n".join(lines) + "\n"


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
