"""Localization methods. A new one is one file here and one import line below."""

from aln.methods import aln, cam, center_box, max_box
from aln.methods.base import METHODS, Method

__all__ = ["METHODS", "Method", "aln", "cam", "center_box", "max_box"]
