"""Measuring. A new protocol is one file here and one import line below."""

from aln.evaluation import choe2020

__all__ = ["choe2020"]
