"""SEEDS: start from a grid, move blocks and then pixels between neighbours while colour histograms sharpen.

Van den Bergh, Boix, Roig, Van Gool: SEEDS: Superpixels Extracted via Energy-Driven Sampling, ECCV 2012.
"""

from __future__ import annotations

import cv2

from aln.config import SuperpixelConfig
from aln.superpixels.base import ALGORITHMS, Image, Segments
from aln.superpixels.grid import grid

LEVELS = 3
BLOCK = 2**LEVELS
"""Smallest cell in pixels: blocks of two pixels, doubled LEVELS - 1 times."""
BINS = 5
SMOOTHING = 2
"""OpenCV's `prior`, 0..5: how much the shape of a superpixel is smoothed."""
ITERATIONS = 4


@ALGORITHMS.register("seeds")
def seeds(image: Image, config: SuperpixelConfig) -> Segments:
    """OpenCV's SEEDS in 8-bit Lab; `config.compactness` is its smoothing, 0..5.

    OpenCV gives far fewer superpixels than asked for, or none, where the sides aren't multiples of its cells,
    and can't start from fewer than 3×3 of them. So the image is brought to the next whole number of cells and
    the labels back; where there is no room for 3×3 cells the grid takes its place.
    """
    height, width = image.shape[:2]
    side = (height * width / config.count) ** 0.5
    rows, columns = round(height / side), round(width / side)
    if min(rows, columns) < 3:
        return grid(image, config)
    cell = max(BLOCK, round(side / 4) * 4)  # a multiple of 2^(LEVELS-1), or the number of cells is off
    size = (columns * cell, rows * cell)
    lab = cv2.cvtColor(cv2.resize(image, size), cv2.COLOR_RGB2LAB)
    smoothing = min(round(config.compactness or SMOOTHING), 5)
    cutter = cv2.ximgproc.createSuperpixelSEEDS(*size, 3, rows * columns, LEVELS, smoothing, BINS, False)
    cutter.iterate(lab, ITERATIONS)
    labels: Segments = cv2.resize(cutter.getLabels(), (width, height), interpolation=cv2.INTER_NEAREST)
    return labels
