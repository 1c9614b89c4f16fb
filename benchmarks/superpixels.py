"""How well superpixels follow the outlines of real objects, and what they cost.

    python benchmarks/superpixels.py ../shared/data/oxford-pets-3

Photographs are brought to the network's square input (64×64, and 128×128), about 64 superpixels each. Those
of the test split are left out, because the default is chosen here. The truth is two regions, object and
background; pixels of the trimap's unlabelled border go to the nearer of the two. Every algorithm's output is
made connected and its tiny fragments are merged, just as `aln.superpixels.segment` does; the time includes
that. For superpixels P and truth regions S of an image of N pixels, averaged over images:

* boundary recall: share of truth boundary pixels with a superpixel boundary pixel at most 1 px away (3×3
  window); a boundary pixel differs from its right or lower neighbour.
* undersegmentation error (Neubert & Protzel 2012): 1/N Σ_S Σ_{P∩S≠∅} min(|P∩S|, |P∖S|).
* achievable segmentation accuracy: 1/N Σ_P max_S |P∩S|; with two regions it is 1 − error/2.
* contour density: share of pixels that are superpixel boundary pixels. Ragged superpixels buy recall with it.
* ms: processor time of one thread, median over images.

Writes results/superpixels.json (a flat list of rows) and results/superpixels.md (made from it).
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.segmentation import slic as skimage_slic

from aln.config import DataConfig, SuperpixelConfig
from aln.data import open_images, open_truth
from aln.data.base import Split, Truth
from aln.superpixels import ALGORITHMS
from aln.superpixels.base import SMALLEST, Image, Segments
from aln.superpixels.connectivity import tidied

COUNT = 64
SIZES = (64, 128)
RESULTS = Path(__file__).parent / "results"

INTRODUCTION = """\
Made by `python benchmarks/superpixels.py ../shared/data/oxford-pets-3`, whose first lines define
every column. About 64 superpixels an image; arrows say which way is better. The rows "as shipped" are `aln`'s
own. Its default is OpenCV's SLIC in true Lab, ruler 10, 4 iterations: as good as scikit-image's at
compactness 20 in less than half the time. Ten iterations would gain 0.001 of achievable accuracy for twice
the time."""
HEADER = (
    "| algorithm | setting | boundary recall ↑ | undersegm. error ↓ | achievable acc. ↑ "
    "| contour density | K | ms |",
    "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
)

Cut = Callable[[Image], Segments]
Labels = NDArray[np.integer]


@dataclass(frozen=True)
class Row:
    """One algorithm with one setting at one image size, averaged over the images."""

    algorithm: str
    setting: str
    size: int
    boundary_recall: float
    undersegmentation: float
    achievable_accuracy: float
    contour_density: float
    segments: float
    ms: float
    images: int


class Pair(NamedTuple):
    """A photograph, RGB uint8 (S, S, 3), and its object, bool (S, S)."""

    image: Image
    region: NDArray[np.bool_]


def opencv_slic(kind: int, ruler: float, iterations: int, *, eight_bit: bool = False) -> Cut:
    def cut(image: Image) -> Segments:
        region = round((image.shape[0] * image.shape[1] / COUNT) ** 0.5)
        scaled = image if eight_bit else image.astype(np.float32) * np.float32(1 / 255)
        lab = cv2.cvtColor(scaled, cv2.COLOR_RGB2LAB)
        cutter = cv2.ximgproc.createSuperpixelSLIC(lab, kind, region, ruler)
        cutter.iterate(iterations)
        labels: Segments = cutter.getLabels()
        return labels

    return cut


def opencv_seeds(levels: int, prior: int, iterations: int) -> Cut:
    def cut(image: Image) -> Segments:
        height, width = image.shape[:2]
        cutter = cv2.ximgproc.createSuperpixelSEEDS(width, height, 3, COUNT, levels, prior, 5, False)
        cutter.iterate(cv2.cvtColor(image, cv2.COLOR_RGB2LAB), iterations)
        labels: Segments = cutter.getLabels()
        return labels

    return cut


def scikit_slic(compactness: float) -> Cut:
    def cut(image: Image) -> Segments:
        labels: Segments = skimage_slic(image, COUNT, compactness, enforce_connectivity=False, start_label=0)
        return labels

    return cut


def product(algorithm: str) -> Cut:
    return lambda image: ALGORITHMS[algorithm](image, SuperpixelConfig(algorithm=algorithm, count=COUNT))


def candidates() -> dict[tuple[str, str], Cut]:
    """(algorithm, setting) -> how to cut; the entries called "as shipped" are the product's own."""
    slic, slico, mslic = cv2.ximgproc.SLIC, cv2.ximgproc.SLICO, cv2.ximgproc.MSLIC
    table: dict[tuple[str, str], Cut] = {
        (name, "as shipped"): product(name) for name in ("slic", "seeds", "grid")
    }
    for ruler in (5, 10, 15, 20, 30):
        table["OpenCV SLIC", f"ruler {ruler}, 4 iterations"] = opencv_slic(slic, ruler, 4)
    for iterations in (1, 2, 3, 6, 10):
        table["OpenCV SLIC", f"ruler 10, {iterations} iterations"] = opencv_slic(slic, 10, iterations)
    table["OpenCV SLIC, 8-bit Lab", "ruler 10, 4 iterations"] = opencv_slic(slic, 10, 4, eight_bit=True)
    table["OpenCV SLICO", "4 iterations"] = opencv_slic(slico, 10, 4)
    table["OpenCV MSLIC", "ruler 10, 4 iterations"] = opencv_slic(mslic, 10, 4)
    for levels, prior in ((2, 2), (3, 0), (3, 2), (3, 5), (4, 2)):
        table["OpenCV SEEDS", f"{levels} levels, smoothing {prior}"] = opencv_seeds(levels, prior, 4)
    for compactness in (10, 20, 30, 40):
        table["scikit-image SLIC", f"compactness {compactness}"] = scikit_slic(compactness)
    return table


def two_regions(truth: Truth, size: int) -> NDArray[np.bool_]:
    """The object as bool (size, size): ignored pixels go to the nearer of object and background."""
    if truth.mask is None:
        raise ValueError("superpixels are measured against masks, and this data set has none")
    ignored = np.zeros_like(truth.mask) if truth.ignore is None else truth.ignore
    to_object = cv2.distanceTransform((~(truth.mask & ~ignored)).astype(np.uint8), cv2.DIST_L2, 5)
    to_background = cv2.distanceTransform((truth.mask | ignored).astype(np.uint8), cv2.DIST_L2, 5)
    whole = (to_object < to_background).astype(np.float32)
    return np.asarray(cv2.resize(whole, (size, size), interpolation=cv2.INTER_AREA) > 0.5)


def boundary(labels: Labels | NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pixels that differ from their right or lower neighbour, bool (H, W)."""
    edge = np.zeros(labels.shape, bool)
    edge[:, :-1] |= labels[:, :-1] != labels[:, 1:]
    edge[:-1] |= labels[:-1] != labels[1:]
    return edge


def boundary_recall(labels: Labels, region: NDArray[np.bool_]) -> float:
    """Share of the region's boundary pixels with a superpixel boundary in their 3×3 window."""
    near = cv2.dilate(boundary(labels).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    wanted = boundary(region)
    return float(near[wanted].mean()) if wanted.any() else 1.0


def undersegmentation(labels: Labels, region: NDArray[np.bool_]) -> float:
    """Neubert & Protzel's error against the two regions."""
    sizes = np.bincount(labels.ravel())
    inside = np.bincount(labels.ravel(), weights=region.ravel())
    return float(2 * np.minimum(inside, sizes - inside).sum() / labels.size)


def achievable_accuracy(labels: Labels, region: NDArray[np.bool_]) -> float:
    """Accuracy of the best labelling of whole superpixels."""
    sizes = np.bincount(labels.ravel())
    inside = np.bincount(labels.ravel(), weights=region.ravel())
    return float(np.maximum(inside, sizes - inside).sum() / labels.size)


def measured(pairs: list[Pair], size: int) -> list[Row]:
    """Every candidate on every image. They take turns, so that a busy moment slows all of them."""
    smallest = SMALLEST * size * size / COUNT
    table = candidates()
    figures: dict[tuple[str, str], list[tuple[float, ...]]] = {name: [] for name in table}
    for image, region in pairs:
        for name, cut in table.items():
            start = time.process_time()
            labels = tidied(cut(image), smallest)
            ms = (time.process_time() - start) * 1e3
            figures[name].append((*quality(labels, region), ms))
    return [averaged(name, size, np.array(of_all)) for name, of_all in figures.items()]


def quality(labels: Segments, region: NDArray[np.bool_]) -> tuple[float, ...]:
    """The five figures of one image, in the order of `Row`."""
    return (
        boundary_recall(labels, region),
        undersegmentation(labels, region),
        achievable_accuracy(labels, region),
        float(boundary(labels).mean()),
        float(labels.max() + 1),
    )


def averaged(name: tuple[str, str], size: int, figures: NDArray[np.float64]) -> Row:
    """Means over the images; the median for the time."""
    recall, error, accuracy, density, segments = (round(float(v), 5) for v in figures[:, :5].mean(axis=0))
    ms = round(float(np.median(figures[:, 5])), 3)
    return Row(*name, size, recall, error, accuracy, density, segments, ms, len(figures))


def read_pairs(path: Path, size: int) -> list[Pair]:
    """Every training photograph with an object in its mask, as the network sees it; never a test image."""
    pairs: dict[str, Pair] = {}
    data = DataConfig(path=str(path), format="oxford-pets")
    splits: tuple[Split, ...] = ("train-weaksup", "train-fullsup")
    for split in splits:
        images, truths = open_images(data, split), open_truth(data, split)
        for index in range(len(images)):
            name = images.image_id(index)
            if truths is not None and name in truths:
                image = cv2.resize(images.read(index), (size, size), interpolation=cv2.INTER_AREA)
                pairs[name] = Pair(image.astype(np.uint8), two_regions(truths[name], size))
    return list(pairs.values())


def markdown(rows: list[Row]) -> str:
    """The rows as one table for each image size, best achievable accuracy first."""
    lines = ["# Superpixels against the outlines of real objects", "", *INTRODUCTION.splitlines(), ""]
    for size in sorted({row.size for row in rows}):
        here = sorted((row for row in rows if row.size == size), key=lambda row: -row.achievable_accuracy)
        lines += [f"## {size}×{size} pixels, {here[0].images} photographs of pets", "", *HEADER]
        lines += [
            f"| {r.algorithm} | {r.setting} | {r.boundary_recall:.3f} | {r.undersegmentation:.4f} | "
            f"{r.achievable_accuracy:.4f} | {r.contour_density:.3f} | {r.segments:.1f} | {r.ms:.2f} |"
            for r in here
        ]
        lines.append("")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "path", type=Path, help="folder with images/ and annotations/trimaps/, or the zip of them"
    )
    path = parser.parse_args().path
    cv2.setNumThreads(1)
    rows = []
    for size in SIZES:
        pairs = read_pairs(path, size)
        rows += measured(pairs, size)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "superpixels.json").write_text(json.dumps([asdict(r) for r in rows], indent=1) + "\n")
    (RESULTS / "superpixels.md").write_text(markdown(rows), encoding="utf-8")
    print(markdown(rows))


if __name__ == "__main__":
    main()
