"""Training variants. A new one is one file here and one import line below."""

from aln.training.variants import aln
from aln.training.variants.base import VARIANTS, Moment, Setup, Variant

__all__ = ["VARIANTS", "Moment", "Setup", "Variant", "aln"]
