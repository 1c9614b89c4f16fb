"""What a model's masks look like, and whom they confuse: the same masks shown to several classifiers.

All of it happens at the network's input size. The mask is the hard one of a label-free rule; beside it
stands a random mask of whole superpixels of the same image and (nearly) the same area.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from aln.boxes import BoolArray, Rule, binarise, normalise
from aln.evaluation.artifacts import accuracy_drop, mask_shape, random_mask
from aln.methods.aln_class_agnostic import masks_alone
from aln.models.classifier import Classifier
from aln.models.masking import occlude
from aln.models.networks import Networks

Column = tuple[str, str]
"""Whose masks, "aln" or "random", and the name of the figure."""


@dataclass(frozen=True)
class Victims:
    """Classifiers that see the masked images, all of the same classes and input size.

    Attributes:
        own: The one that the corruption net was trained against, as training left it.
        start: The one that training began with.
        others: Independently trained ones, at least one.
    """

    own: Classifier
    start: Classifier
    others: Sequence[Classifier]

    def groups(self) -> dict[str, Sequence[Classifier]]:
        """Classifiers by the names of the figures."""
        return {"drop_own": [self.own], "drop_start": [self.start], "drop_others": self.others}


def artifact_columns(
    nets: Networks, rule: Rule, victims: Victims, batches: Iterable[tuple[Tensor, NDArray[np.int64]]]
) -> dict[Column, NDArray[np.float64]]:
    """Figures of single images, float (n,) each.

    `area`, `components`, `component_size` and `boundary` are those of `MaskShape`; `drop_own`, `drop_start`
    and `drop_others` are what the mask costs the accuracy of each group of `Victims`, -1..1 (see
    `accuracy_drop`).

    Args:
        nets: The trained networks, with a corruption net; its masks count, without the class's evidence.
        rule: Makes masks of its maps.
        victims: Who sees its masks.
        batches: Prepared images (B, 3, S, S), and their classes (B,), at least one batch.
    """
    parts: dict[Column, list[NDArray[np.float64]]] = defaultdict(list)
    random = np.random.default_rng(0)
    for images, labels in batches:
        for whose, masks in _masks(nets, rule, images, random).items():
            shapes = [asdict(mask_shape(mask)) for mask in masks]
            for name in shapes[0]:
                parts[whose, name].append(np.array([shape[name] for shape in shapes], np.float64))
            hidden = occlude(images, torch.from_numpy(masks).to(images.device).float())
            for name, classifiers in victims.groups().items():
                drop = accuracy_drop(_right(classifiers, images, labels), _right(classifiers, hidden, labels))
                parts[whose, name].append(drop)
    return {column: np.concatenate(values) for column, values in parts.items()}


@torch.inference_mode()
def _masks(nets: Networks, rule: Rule, images: Tensor, random: np.random.Generator) -> dict[str, BoolArray]:
    """The corruption net's hard masks and random ones of the same areas, bool (B, S, S) each."""
    segments = nets.segments(images)
    raw = masks_alone(nets, images, segments)
    masks = np.stack([binarise(normalise(scores), rule) for scores in raw.float().cpu().numpy()])
    pieces = segments.cpu().numpy()
    trivial = [random_mask(s, int(m.sum()), random) for s, m in zip(pieces, masks, strict=True)]
    return {"aln": masks, "random": np.stack(trivial)}


@torch.inference_mode()
def _right(classifiers: Sequence[Classifier], images: Tensor, labels: NDArray[np.int64]) -> BoolArray:
    """Which answers are right, bool (classifiers, B)."""
    answers = [classifier(images).argmax(1).cpu().numpy() for classifier in classifiers]
    return np.stack([answer == labels for answer in answers])
