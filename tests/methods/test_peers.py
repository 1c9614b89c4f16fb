"""The maps of trained peers, and what a model without their networks is told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from aln.engine import TorchEngine
from aln.errors import ModelError
from aln.methods import METHODS
from aln.models.box_head import BoxHead
from aln.models.second_branch import SecondBranch, both_branches
from tests.methods.test_contract import batch
from tests.small_model import SIZE, small_localizer, small_networks

PEERS = ["acol", "casm", "supervised"]


@pytest.mark.parametrize("name", PEERS)
def test_a_model_without_the_network_says_how_to_get_one(name: str) -> None:
    message = rf"method '{name}' needs a \w+.*which this model lacks; train one with .*variant={name}"
    plain = replace(small_networks(), extras={})
    with pytest.raises(ModelError, match=message):
        METHODS[name].function(plain, *batch())
    with pytest.raises(ModelError, match=message):
        replace(small_localizer(), engine=TorchEngine(plain)).task(name)


def test_acol_takes_the_larger_of_both_maps() -> None:
    nets = small_networks()
    images, labels = batch()
    second = nets.extras["second_branch"]
    assert isinstance(second, SecondBranch)
    with torch.inference_mode():
        maps = both_branches(nets.classifier, second, images, labels).maps
    found = METHODS["acol"].function(nets, images, labels).numpy()
    for index in range(len(images)):
        first, other = (branch[index].numpy() for branch in maps)
        scaled = [(one - one.min()) / (one.max() - one.min()) for one in (first, other)]
        np.testing.assert_allclose(found[index], np.maximum(*scaled), atol=1e-5)


@pytest.mark.parametrize(
    "corners", [(0.25, 0.5, 0.75, 1.0), (0.0, 0.0, 1.0, 1.0), (0.26, 0.11, 0.31, 0.9), (0.5, 0.5, 0.51, 0.51)]
)
def test_supervised_draws_the_box(monkeypatch: pytest.MonkeyPatch, corners: tuple[float, ...]) -> None:
    monkeypatch.setattr(BoxHead, "forward", lambda *_: torch.tensor([corners] * 5))
    found = METHODS["supervised"].function(small_networks(), *batch())
    x0, y0, x1, y1 = corners
    for y, row in enumerate(found[0].tolist()):
        for x, score in enumerate(row):
            assert score == (y0 <= (y + 0.5) / SIZE < y1 and x0 <= (x + 0.5) / SIZE < x1)


def test_supervised_says_that_it_is_no_weak_supervision() -> None:
    assert METHODS["supervised"].summary.startswith("Not weakly supervised")
