"""Localization methods. A new one is one file here and one import line below."""

from aln.methods import (
    acol,
    aln,
    backprop,
    cam,
    casm,
    center_box,
    grad_cam,
    grad_cam_pp,
    integrated_gradients,
    lrp,
    lrp_epsilon,
    max_box,
    occlusion,
    perturbation,
    rise,
    score_cam,
    supervised,
)
from aln.methods.base import METHODS, Method

__all__ = [
    "METHODS",
    "Method",
    "acol",
    "aln",
    "backprop",
    "cam",
    "casm",
    "center_box",
    "grad_cam",
    "grad_cam_pp",
    "integrated_gradients",
    "lrp",
    "lrp_epsilon",
    "max_box",
    "occlusion",
    "perturbation",
    "rise",
    "score_cam",
    "supervised",
]
