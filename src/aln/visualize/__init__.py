"""Pictures: one photograph with what was found in it, sheets of sample masks, training curves."""

from aln.visualize.curves import training_curves
from aln.visualize.drawing import heat, write_png
from aln.visualize.overlay import overlay
from aln.visualize.sheet import Sample, sample_sheet

__all__ = ["Sample", "heat", "overlay", "sample_sheet", "training_curves", "write_png"]
