"""Superpixels: `segment(image, config)` gives connected pieces labelled 0..K-1."""

from aln.superpixels import grid, seeds, slic
from aln.superpixels.base import ALGORITHMS, segment

__all__ = ["ALGORITHMS", "grid", "seeds", "segment", "slic"]
