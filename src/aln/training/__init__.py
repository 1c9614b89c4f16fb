"""Training: labels, superpixels and the two networks; no method, no metric, no box."""

from aln.training.run import train

__all__ = ["train"]
