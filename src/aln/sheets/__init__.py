"""From a model and photographs to pictures: the same photographs by several methods, the worst misses."""

from aln.sheets.comparison import compare, comparison_of
from aln.sheets.entries import Entry
from aln.sheets.misses import worst_misses, worst_of

__all__ = ["Entry", "compare", "comparison_of", "worst_misses", "worst_of"]
