"""Shapes, sizes and structure of the two networks."""

from __future__ import annotations

import pytest
import torch

from aln.config import ModelConfig, SuperpixelConfig, load_config
from aln.errors import ConfigError
from aln.models.classifier import Classifier
from aln.models.corruption import INITIAL_PROBABILITY, CorruptionNet, occlusion_logits
from aln.models.networks import Networks
from aln.models.preprocessing import Preprocessing


def _small(size: int, **changes: object) -> ModelConfig:
    settings = {"input_size": size, "classifier_widths": (4, 8, 8, 8), "corruption_widths": (4, 4, 8, 8)}
    more = {"corruption_bottleneck": 8, "corruption_reads_classifier": False}
    return ModelConfig.model_validate({**settings, **more, **changes})


@pytest.mark.parametrize("size", [64, 96, 128, 224])
@pytest.mark.parametrize("norm", ["batch", "group"])
def test_any_input_size(size: int, norm: str) -> None:
    config = _small(size, classifier_norm=norm)
    images = torch.randn(2, 3, size, size)
    classifier = Classifier(5, config)
    assert classifier(images).shape == (2, 5)
    assert classifier.features(images).shape == (2, 8, size // 8, size // 8)
    assert CorruptionNet(config)(images).shape == (2, size, size)


@pytest.mark.parametrize(("widths", "depth"), [((4, 8), 1), ((4, 8, 8), 2), ((4, 4, 8, 8, 8), 4)])
def test_any_depth(widths: tuple[int, ...], depth: int) -> None:
    net = CorruptionNet(_small(64, corruption_widths=widths))
    assert len(net.down) == len(net.up) == depth
    assert net(torch.randn(2, 3, 64, 64)).shape == (2, 64, 64)


def test_logits_are_the_head_over_pooled_features() -> None:
    classifier = Classifier(5, _small(64)).eval()
    images = torch.randn(2, 3, 64, 64)
    pooled = classifier.features(images).mean((2, 3))
    torch.testing.assert_close(classifier(images), classifier.head(pooled))


def test_the_untrained_corruption_net_hides_a_quarter_everywhere() -> None:
    logits = CorruptionNet(_small(64)).eval()(torch.randn(2, 3, 64, 64))
    torch.testing.assert_close(logits.sigmoid(), torch.full_like(logits, INITIAL_PROBABILITY))


def test_every_pixel_sees_the_whole_image_and_its_own_neighbourhood() -> None:
    net = CorruptionNet(_small(64)).eval()
    torch.nn.init.normal_(net.head.weight)
    images = torch.randn(1, 3, 64, 64, requires_grad=True)
    net(images)[0, 0, 0].backward()
    gradient = images.grad
    assert gradient is not None
    assert gradient[0, :, -8:, -8:].abs().sum() > 0  # through the bottleneck
    assert gradient[0, :, :2, :2].abs().mean() > gradient[0, :, -2:, -2:].abs().mean()  # through the skips


def test_normalise_is_undone_exactly() -> None:
    preprocessing = Preprocessing(8, (0.41, 0.5, 0.37), (0.23, 0.3, 0.27))
    pixels = torch.arange(256, dtype=torch.uint8)[:192].view(1, 8, 8, 3)
    assert torch.equal(preprocessing.denormalise(preprocessing.normalise(pixels)), pixels)


def test_the_mean_colour_becomes_zero() -> None:
    preprocessing = Preprocessing(8, (51 / 255,) * 3, (0.2,) * 3)
    grey = torch.full((1, 8, 8, 3), 51, dtype=torch.uint8)
    torch.testing.assert_close(preprocessing.normalise(grey), torch.zeros(1, 3, 8, 8), atol=1e-6, rtol=0)


def test_segments_of_normalised_images() -> None:
    config, preprocessing = _small(64), Preprocessing(64, (0.4,) * 3, (0.2,) * 3)
    nets = Networks(Classifier(2, config), None, preprocessing, SuperpixelConfig())
    images = preprocessing.normalise(torch.randint(0, 256, (2, 64, 64, 3), dtype=torch.uint8))
    segments = nets.segments(images)
    assert segments.shape == (2, 64, 64)
    assert segments.dtype == torch.int64


@pytest.mark.parametrize(
    "override",
    ["model.input_size=72", "model.classifier_pools=[true]", "model.corruption_widths=[4,4,4,4,4,4,4,4]"],
)
def test_shapes_that_can_not_fit_are_refused(override: str) -> None:
    with pytest.raises(ConfigError, match=r"input_size|classifier_pools"):
        load_config("default", [override])


def test_one_layer_is_enough() -> None:
    config = ModelConfig(
        input_size=32, classifier_widths=(4,), classifier_pools=(False,), corruption_widths=(4,)
    )
    classifier, corruption, images = Classifier(3, config), CorruptionNet(config), torch.randn(2, 3, 32, 32)
    assert classifier(images).shape == (2, 3)
    assert occlusion_logits(corruption, classifier, images).shape == (2, 32, 32)


@pytest.mark.parametrize(
    ("pools", "sources"),
    [
        pytest.param([True, True, True, False], {0: 1, 1: 2, 2: 3, 3: 3}, id="poster's classifier"),
        pytest.param([False, True, False, True], {0: 0, 1: 1, 2: 1, 3: 2}, id="slower to shrink"),
        pytest.param([True, True, True, True], {0: 1, 1: 2, 2: 3}, id="deeper than the corruption net"),
    ],
)
def test_the_corruption_net_may_read_the_classifier(pools: list[bool], sources: dict[int, int]) -> None:
    config = _small(64, classifier_pools=pools, corruption_reads_classifier=True)
    classifier, net = Classifier(5, config).eval(), CorruptionNet(config).eval()
    torch.nn.init.normal_(net.head.weight)
    images = torch.randn(2, 3, 64, 64)
    assert net.sources == sources
    torch.autograd.backward(occlusion_logits(net, classifier, images).sum())
    assert all(parameter.grad is None for parameter in classifier.parameters())
    assert all(parameter.grad is not None for parameter in net.parameters())
    with torch.no_grad():
        before = occlusion_logits(net, classifier, images)
        for layer in sources:
            shifted = [f + (1 if i == layer else 0) for i, f in enumerate(classifier.layer_features(images))]
            assert not torch.allclose(net(images, shifted), before)


def test_layer_features_end_with_the_features() -> None:
    classifier = Classifier(5, _small(64)).eval()
    images = torch.randn(2, 3, 64, 64)
    outputs = classifier.layer_features(images)
    assert [tuple(output.shape[1:]) for output in outputs] == [(4, 32, 32), (8, 16, 16), (8, 8, 8), (8, 8, 8)]
    assert torch.equal(outputs[-1], classifier.features(images))
