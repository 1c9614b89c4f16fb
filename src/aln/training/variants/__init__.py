"""Training variants. A new one is one file here and one import line below."""

from aln.training.variants import acol, adl, aln, casm, classifier, cutmix, has, supervised
from aln.training.variants.base import VARIANTS, Moment, OpenSplit, Setup, Variant, chosen_variant

__all__ = [
    "VARIANTS",
    "Moment",
    "OpenSplit",
    "Setup",
    "Variant",
    "acol",
    "adl",
    "aln",
    "casm",
    "chosen_variant",
    "classifier",
    "cutmix",
    "has",
    "supervised",
]
