"""Annotation formats. A new one is one file here and one import line below."""

from aln.export import coco, cvat, label_studio, labelme, table, voc, yolo
from aln.export.base import FORMATS, Dataset, Found

__all__ = ["FORMATS", "Dataset", "Found", "coco", "cvat", "label_studio", "labelme", "table", "voc", "yolo"]
