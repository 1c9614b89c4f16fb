"""SLIC: k-means over colour (Lab) and position, each cluster searching near its seed only.

Achanta, Shaji, Smith, Lucchi, Fua, Süsstrunk: SLIC superpixels compared to state-of-the-art superpixel
methods, TPAMI 2012. The distance is sqrt(d_lab² + (ruler · d_xy / S)²) with S the region size in pixels.
"""

from __future__ import annotations

import cv2

from aln.config import SuperpixelConfig
from aln.superpixels.base import ALGORITHMS, Image, Segments
from aln.superpixels.grid import grid

RULER = 10.0
"""Weight of position against colour (8-bit Lab units) at the distance of one region size."""
ITERATIONS = 4


@ALGORITHMS.register("slic")
def slic(image: Image, config: SuperpixelConfig) -> Segments:
    """OpenCV's SLIC in 8-bit Lab; `config.compactness` is its ruler.

    Where there is no room for two rows and columns of regions, or regions would be single pixels, the grid
    takes its place.
    """
    height, width = image.shape[:2]
    region = round((height * width / config.count) ** 0.5)
    if not 2 <= region <= min(height, width) // 2:
        return grid(image, config)
    lab = cv2.cvtColor(image, cv2.COLOR_RGB2LAB)
    ruler = config.compactness or RULER
    cutter = cv2.ximgproc.createSuperpixelSLIC(lab, cv2.ximgproc.SLIC, region, ruler)
    cutter.iterate(ITERATIONS)
    labels: Segments = cutter.getLabels()
    return labels
