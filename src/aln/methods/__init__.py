"""Localization methods. A new one is one file here and one import line below."""

from aln.methods import (
    aln,
    backprop,
    cam,
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
)
from aln.methods.base import METHODS, Method

__all__ = [
    "METHODS",
    "Method",
    "aln",
    "backprop",
    "cam",
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
]
