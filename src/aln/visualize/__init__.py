"""Pictures: photographs with what was found in them, sheets and galleries of them, curves and histograms."""

from aln.visualize.comparison import Compared, comparison_sheet
from aln.visualize.curves import training_curves
from aln.visualize.drawing import heat, write_png
from aln.visualize.gallery import Failure, failure_gallery
from aln.visualize.overlaps import accuracy_curves, iou_histograms
from aln.visualize.overlay import overlay
from aln.visualize.sheet import Sample, sample_sheet

__all__ = [
    "Compared",
    "Failure",
    "Sample",
    "accuracy_curves",
    "comparison_sheet",
    "failure_gallery",
    "heat",
    "iou_histograms",
    "overlay",
    "sample_sheet",
    "training_curves",
    "write_png",
]
