"""Raw scores of methods on the test images of a benchmark, for the scripts beside this file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console

from aln.benchmark.config import read_benchmark
from aln.boxes import FloatArray
from aln.data import open_images
from aln.data.base import Truth
from aln.evaluation.evaluate import annotated_batches
from aln.localizer import Localizer
from aln.measure import required_truth
from aln.progress import progress_bar
from aln.sources import Photograph

HERE = Path(__file__).parent


def raw_maps(
    localizer: Localizer,
    benchmark: str,
    data: Path,
    methods: Sequence[str],
    *,
    max_images: int,
    console: Console,
) -> Iterator[tuple[str, FloatArray, Photograph, Truth]]:
    """Each method's scores (h, w) of each test image, for its true class; at most `max_images`, 0: all."""
    described = read_benchmark(HERE / f"{benchmark}.toml")
    settings = described.config_of(described.trainings[0], 0, data, 1).data
    images, truth = open_images(settings, "test"), required_truth(settings, "test")
    tasks = {name: localizer.task(name) for name in methods}
    with progress_bar(console) as progress:
        bar = progress.add_task(benchmark, total=min(len(truth), max_images or len(truth)))
        for batch, truths in annotated_batches(localizer, images, truth, max_images=max_images):
            inputs = localizer.prepare([photograph.image for photograph in batch])
            labels = [photograph.label or 0 for photograph in batch]
            for method, task in tasks.items():
                raw = localizer.raw_scores(inputs, labels, task)
                for scores, photograph, true in zip(raw, batch, truths, strict=True):
                    yield method, scores, photograph, true
            progress.advance(bar, len(batch))
