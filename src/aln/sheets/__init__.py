"""From a model and photographs to pictures: samples, the same photographs by several methods, the misses."""

from aln.sheets.comparison import compare, comparison_of
from aln.sheets.entries import Entry
from aln.sheets.misses import worst_misses, worst_of
from aln.sheets.samples import sheet_of

__all__ = ["Entry", "compare", "comparison_of", "sheet_of", "worst_misses", "worst_of"]
