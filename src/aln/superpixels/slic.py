"""SLIC: k-means over colour (Lab) and position, each cluster searching near its seed only.

Achanta, Shaji, Smith, Lucchi, Fua, Süsstrunk: SLIC superpixels compared to state-of-the-art superpixel
methods, TPAMI 2012. The distance is sqrt(d_lab² + (ruler · d_xy / S)²) with S the region size in pixels.
Colours are true Lab (L 0..100): OpenCV's 8-bit Lab stretches L to 0..255, which weighs lightness 2.5 times
as much as colour and follows outlines less well (`benchmarks/results/superpixels.md`).
"""

from __future__ import annotations

import cv2
import numpy as np

from aln.config import SuperpixelConfig
from aln.superpixels.base import ALGORITHMS, Image, Segments
from aln.superpixels.grid import grid

RULER = 10.0
"""Weight of position against colour (Lab units) at the distance of one region size."""
ITERATIONS = 4


@ALGORITHMS.register("slic")
def slic(image: Image, config: SuperpixelConfig) -> Segments:
    """OpenCV's SLIC in Lab; `config.compactness` is its ruler.

    Where there is no room for two rows and columns of regions, or regions would be single pixels, the grid
    takes its place.
    """
    height, width = image.shape[:2]
    region = round((height * width / config.count) ** 0.5)
    if not 2 <= region <= min(height, width) // 2:
        return grid(image, config)
    lab = cv2.cvtColor(image.astype(np.float32) * np.float32(1 / 255), cv2.COLOR_RGB2LAB)
    ruler = config.compactness or RULER
    cutter = cv2.ximgproc.createSuperpixelSLIC(lab, cv2.ximgproc.SLIC, region, ruler)
    cutter.iterate(ITERATIONS)
    labels: Segments = cutter.getLabels()
    return labels
