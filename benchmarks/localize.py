"""Images per second from JPEG bytes to boxes, as `aln localize` does it, and where the time goes.

    OMP_NUM_THREADS=2 python benchmarks/localize.py

The model has the default preset's networks at 64×64; it is trained for a moment on synthetic images, so that
its maps are no constants (speed does not depend on how good they are). The images are synthetic too, 64×64,
encoded as JPEG in memory. The whole is `Localizer.localize` on the decoded bytes; then the same batch goes
through the parts one by one, in the same process:

* decode: JPEG bytes to RGB pixels;
* superpixels: of the network's input;
* networks: preprocessing, the classifier's probabilities, the corruption net;
* boxes, rest: what is left of the whole: superpixel means, score map, threshold, boxes, result.

Writing results to disk is not in it. Medians over batches.

Writes results/localize.json (a flat list of rows) and results/localize.md (made from it).
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import cv2
import torch
from rich.console import Console

from aln.config import load_config
from aln.data import open_images
from aln.data.images import decode
from aln.localizer import Localizer
from aln.training import train

POSTER_SECONDS = 0.093
"""Seconds an image in the poster's table."""

BATCHES = {64: 20, 1: 300}
"""Batches that are timed, by their size."""

QUALITY = 90
SETTINGS = (
    "training.warmup_epochs=1",
    "training.epochs=1",
    "training.max_images=512",
    "training.epoch_images=0",
)
DATA = {"path": "shapes", "format": "shapes", "options": {"count": 2000}}
RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Row:
    """One batch size; milliseconds an image."""

    batch_size: int
    threads: int
    decode_ms: float
    superpixels_ms: float
    networks_ms: float
    rest_ms: float
    whole_ms: float
    images_per_second: float
    times_faster_than_poster: float
    images: int


def trained(threads: int) -> Localizer:
    """A model of the default preset, trained for a moment."""
    config = load_config("default", [*SETTINGS, f"training.threads={threads}"], settings={"data": DATA})
    with TemporaryDirectory() as folder:
        return Localizer.load(train(config, Path(folder) / "run", console=Console(quiet=True)))


def jpegs(count: int) -> list[bytes]:
    """Images of the test split as JPEG files' bytes."""
    config = load_config(settings={"data": DATA})
    images = open_images(config.data, "test")
    options = [cv2.IMWRITE_JPEG_QUALITY, QUALITY]
    pixels = (images.read(index % len(images)) for index in range(count))
    return [cv2.imencode(".jpg", image[..., ::-1], options)[1].tobytes() for image in pixels]


def milliseconds(localizer: Localizer, batch: list[bytes]) -> tuple[float, ...]:
    """Time of decoding, superpixels, networks and the whole for one batch of JPEG bytes, ms an image."""
    networks = localizer.networks
    if networks.corruption is None:
        raise ValueError("this benchmark needs a corruption net")
    corruption = networks.corruption

    def whole() -> None:
        sources = ((str(index), decode(data, "")) for index, data in enumerate(batch))
        for _found in localizer.localize(sources):
            pass

    def forward() -> None:
        inputs = localizer.prepare(images)
        localizer.probabilities(inputs)
        with torch.inference_mode():
            corruption(inputs)

    images = [decode(data, "") for data in batch]
    inputs = localizer.prepare(images)
    parts = (
        lambda: [decode(data, "") for data in batch],
        lambda: networks.segments(inputs),
        forward,
        whole,
    )
    return tuple(_timed(part) / len(batch) for part in parts)


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return 1e3 * (time.perf_counter() - start)


def measured(localizer: Localizer, batch_size: int, threads: int) -> Row:
    """Medians over `BATCHES` batches, after two that warm up."""
    settings = localizer.config.localize.model_copy(update={"batch_size": batch_size})
    localizer = replace(localizer, config=localizer.config.model_copy(update={"localize": settings}))
    count = BATCHES[batch_size] + 2
    files = jpegs(count * batch_size)
    batches = [files[i * batch_size : (i + 1) * batch_size] for i in range(count)]
    figures = [milliseconds(localizer, batch) for batch in batches][2:]
    decoding, superpixels, networks, whole = (median(values) for values in zip(*figures, strict=True))
    rest = whole - decoding - superpixels - networks
    return Row(
        batch_size,
        threads,
        round(decoding, 4),
        round(superpixels, 4),
        round(networks, 4),
        round(rest, 4),
        round(whole, 4),
        images_per_second=round(1e3 / whole, 1),
        times_faster_than_poster=round(1e3 * POSTER_SECONDS / whole, 1),
        images=BATCHES[batch_size] * batch_size,
    )


def markdown(rows: list[Row]) -> str:
    """The rows as one table."""
    lines = [
        "# From JPEG bytes to boxes",
        "",
        "Made by `python benchmarks/localize.py`, whose first lines say what each part is. 64×64 images, the "
        f"default preset's networks, {rows[0].threads} threads; milliseconds an image, medians. The poster "
        f"reports {POSTER_SECONDS} s an image.",
        "",
        "| batch | decode | superpixels | networks | boxes, rest | whole | images/s | poster ÷ whole |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {r.batch_size} | {r.decode_ms:.2f} | {r.superpixels_ms:.2f} | {r.networks_ms:.2f} | "
        f"{r.rest_ms:.2f} | {r.whole_ms:.2f} | {r.images_per_second:.0f} | {r.times_faster_than_poster:.0f} |"
        for r in rows
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder for the results")
    arguments = parser.parse_args()
    localizer = trained(arguments.threads)
    torch.set_num_threads(arguments.threads)
    rows = [measured(localizer, batch_size, arguments.threads) for batch_size in BATCHES]
    arguments.out.mkdir(parents=True, exist_ok=True)
    text = json.dumps([asdict(row) for row in rows], indent=1) + "\n"
    (arguments.out / "localize.json").write_text(text)
    (arguments.out / "localize.md").write_text(markdown(rows), encoding="utf-8")
    print(markdown(rows))


if __name__ == "__main__":
    main()
