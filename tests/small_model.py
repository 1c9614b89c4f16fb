"""An untrained model that is small and quick, with score maps that are not flat."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from aln.config import Config, load_config
from aln.engine import TorchEngine
from aln.localizer import Localizer
from aln.models.classifier import Classifier
from aln.models.corruption import CorruptionNet
from aln.models.extras import EXTRAS
from aln.models.networks import Networks
from aln.models.preprocessing import Preprocessing

SIZE = 32
CLASS_NAMES = ("ant", "bee", "çédille 蜂")


def small_config() -> Config:
    """Settings of the small model."""
    return load_config(
        overrides=[
            f"model.input_size={SIZE}",
            "model.classifier_widths=[6, 8]",
            "model.classifier_pools=[true, false]",
            "model.corruption_widths=[4, 6]",
            "model.corruption_bottleneck=8",
            "superpixels.count=16",
            "localize.batch_size=3",
            "training.seed=7",
        ]
    )


def small_networks(seed: int = 0, *, corruption: bool = True) -> Networks:
    """Networks with random weights in eval mode, with those that trained peers add."""
    config = small_config()
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        classifier = Classifier(len(CLASS_NAMES), config.model).eval()
        net = CorruptionNet(config.model).eval()
        torch.nn.init.normal_(net.head.weight)  # zero at first, which would make every map flat
        extras = {name: make(len(CLASS_NAMES), config.model).eval() for name, make in EXTRAS.items()}
        for parameter in extras["box_head"].parameters():
            torch.nn.init.normal_(parameter, std=3.0)  # boxes that differ by pixels
    preprocessing = Preprocessing(SIZE, (0.5, 0.4, 0.3), (0.2, 0.25, 0.3))
    return Networks(classifier, net if corruption else None, preprocessing, config.superpixels, extras)


def small_localizer(seed: int = 0, *, corruption: bool = True) -> Localizer:
    """A localizer around `small_networks`."""
    networks = small_networks(seed, corruption=corruption)
    return Localizer(
        TorchEngine(networks), CLASS_NAMES, small_config(), {"seed": 7, "data": {"name": "none"}}
    )


def photograph(height: int, width: int, seed: int = 0) -> NDArray[np.uint8]:
    """RGB uint8 (H, W, 3): a bright square on noise."""
    image = np.random.default_rng(seed).integers(0, 120, (height, width, 3), dtype=np.uint8)
    image[height // 4 : height // 2 + 1, width // 4 : width // 2 + 1] = (250, 200, 40)
    return image
