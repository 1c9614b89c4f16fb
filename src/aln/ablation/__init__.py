"""Ablations: the same training with one thing changed, and figures that say what the change did."""

from aln.ablation.plan import Plan
from aln.ablation.registry import ABLATIONS, Ablation, Arm
from aln.ablation.run import ablate

__all__ = ["ABLATIONS", "Ablation", "Arm", "Plan", "ablate"]
