"""CASM's masker."""

from __future__ import annotations

import pytest
import torch

from aln.models.classifier import Classifier
from aln.models.masker import Masker
from tests.small_model import small_config


@pytest.mark.parametrize(("height", "width"), [(32, 32), (48, 32), (33, 47)])
def test_a_mask_has_the_size_that_is_asked_for(height: int, width: int) -> None:
    config = small_config().model
    classifier, masker = Classifier(3, config).eval(), Masker(3, config).eval()
    features = classifier.layer_features(torch.randn(2, 3, height, width))
    assert masker(features, (height, width)).shape == (2, height, width)


def test_every_layer_has_a_say() -> None:
    config = small_config().model
    classifier, masker = Classifier(3, config).eval(), Masker(3, config).eval()
    features = classifier.layer_features(torch.randn(2, 3, 32, 32))
    whole = masker(features, (32, 32))
    for layer in range(len(features)):
        without = [level * (index != layer) for index, level in enumerate(features)]
        assert not torch.allclose(masker(without, (32, 32)), whole)
