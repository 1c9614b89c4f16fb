"""Images per second from JPEG bytes to boxes, as `aln localize` does it, and where the time goes.

    OMP_NUM_THREADS=2 python benchmarks/localize.py

The model has the default preset's networks at 64×64; it is trained for a moment on synthetic images, so that
its maps are no constants (speed does not depend on how good they are). The images are synthetic too, 64×64,
encoded as JPEG in memory. The whole is `Localizer.localize` on the decoded bytes; then the same batch goes
through the parts one by one, in the same process:

* decode: JPEG bytes to RGB pixels;
* superpixels: of the network's input;
* networks: normalisation, the classifier's probabilities, the corruption net, superpixel means;
* boxes, rest: what is left of the whole: resize, score map, threshold, boxes, result.

All of it twice, batch by batch in turns: with the networks in torch, and with the same model exported to
ONNX, run by onnxruntime.

Writing results to disk is not in it. Medians over batches.

Writes results/localize.json (a flat list of rows) and results/localize.md (made from it).
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import cv2
import numpy as np
import torch
from rich.console import Console

from aln.config import load_config
from aln.data import open_images
from aln.data.base import Image
from aln.data.images import decode
from aln.exported.engine import ExportedEngine
from aln.exported.run import export_run
from aln.localizer import Localizer
from aln.methods.aln import LIKELIEST, answers
from aln.superpixels import segment
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
    """One engine and batch size; milliseconds an image."""

    engine: str
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


def trained(threads: int) -> dict[str, Localizer]:
    """A model of the default preset, trained for a moment, in torch and in onnxruntime."""
    config = load_config("default", [*SETTINGS, f"training.threads={threads}"], settings={"data": DATA})
    with TemporaryDirectory() as folder:
        run, path = train(config, Path(folder) / "run", console=Console(quiet=True)), Path(folder) / "m.onnx"
        export_run(run, path)
        torch.set_num_threads(threads)
        return {"torch": Localizer.load(run), "onnxruntime": Localizer.load(path)}


def jpegs(count: int) -> list[bytes]:
    """Images of the test split as JPEG files' bytes."""
    config = load_config(settings={"data": DATA})
    images = open_images(config.data, "test")
    options = [cv2.IMWRITE_JPEG_QUALITY, QUALITY]
    pixels = (images.read(index % len(images)) for index in range(count))
    return [cv2.imencode(".jpg", image[..., ::-1], options)[1].tobytes() for image in pixels]


def forward(localizer: Localizer, images: list[Image]) -> Callable[[], object]:
    """What the engine of `localizer` has to do for a batch whose superpixels are known."""
    batch, engine = localizer.prepare(images), localizer.engine
    pixels = engine.preprocessing.denormalise(batch).numpy()
    segments = np.stack([segment(image, engine.superpixels) for image in pixels]).astype(np.int64)
    if isinstance(engine, ExportedEngine):
        return partial(engine.run, pixels, segments)
    networks, labels = localizer.networks, torch.from_numpy(segments)
    classes = torch.full((len(pixels),), LIKELIEST)

    def in_torch() -> None:
        with torch.inference_mode():
            normalised = networks.preprocessing.normalise(torch.from_numpy(pixels))
            answers(networks, normalised, labels, int(labels.max()) + 1, classes)

    return in_torch


def milliseconds(localizer: Localizer, batch: list[bytes]) -> tuple[float, ...]:
    """Time of decoding, superpixels, networks and the whole for one batch of JPEG bytes, ms an image."""
    images = [decode(data, "") for data in batch]
    pixels = localizer.engine.preprocessing.denormalise(localizer.prepare(images)).numpy()

    def whole() -> None:
        sources = ((str(index), decode(data, "")) for index, data in enumerate(batch))
        for _found in localizer.localize(sources):
            pass

    parts = (
        lambda: [decode(data, "") for data in batch],
        lambda: [segment(image, localizer.engine.superpixels) for image in pixels],
        forward(localizer, images),
        whole,
    )
    return tuple(_timed(part) / len(batch) for part in parts)


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return 1e3 * (time.perf_counter() - start)


def measured(localizers: dict[str, Localizer], batch_size: int, threads: int) -> list[Row]:
    """Medians over `BATCHES` batches, after two that warm up; the engines take turns at each batch."""
    count = BATCHES[batch_size] + 2
    files = jpegs(count * batch_size)
    figures: dict[str, list[tuple[float, ...]]] = {name: [] for name in localizers}
    for i in range(count):
        batch = files[i * batch_size : (i + 1) * batch_size]
        for name, localizer in localizers.items():
            figures[name].append(milliseconds(_with_batches(localizer, batch_size), batch))
    return [_row(name, figures[name][2:], batch_size, threads) for name in localizers]


def _with_batches(localizer: Localizer, size: int) -> Localizer:
    settings = localizer.config.localize.model_copy(update={"batch_size": size})
    return replace(localizer, config=localizer.config.model_copy(update={"localize": settings}))


def _row(engine: str, figures: list[tuple[float, ...]], batch_size: int, threads: int) -> Row:
    decoding, superpixels, networks, whole = (median(values) for values in zip(*figures, strict=True))
    return Row(
        engine,
        batch_size,
        threads,
        round(decoding, 4),
        round(superpixels, 4),
        round(networks, 4),
        round(whole - decoding - superpixels - networks, 4),
        round(whole, 4),
        images_per_second=round(1e3 / whole, 1),
        times_faster_than_poster=round(1e3 * POSTER_SECONDS / whole, 1),
        images=len(figures) * batch_size,
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
        "| engine | batch | decode | superpixels | networks | boxes, rest | whole | images/s | "
        "poster ÷ whole |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {r.engine} | {r.batch_size} | {r.decode_ms:.2f} | {r.superpixels_ms:.2f} | {r.networks_ms:.2f} | "
        f"{r.rest_ms:.2f} | {r.whole_ms:.2f} | {r.images_per_second:.0f} | {r.times_faster_than_poster:.0f} |"
        for r in rows
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder for the results")
    arguments = parser.parse_args()
    localizers = trained(arguments.threads)
    rows = [row for size in BATCHES for row in measured(localizers, size, arguments.threads)]
    arguments.out.mkdir(parents=True, exist_ok=True)
    text = json.dumps([asdict(row) for row in rows], indent=1) + "\n"
    (arguments.out / "localize.json").write_text(text)
    (arguments.out / "localize.md").write_text(markdown(rows), encoding="utf-8")
    print(markdown(rows))


if __name__ == "__main__":
    main()
