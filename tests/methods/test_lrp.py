from __future__ import annotations

import captum.attr
import pytest
import torch
from captum.attr._utils.lrp_rules import EpsilonRule
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from aln.config import load_config
from aln.errors import ConfigError, ModelError
from aln.methods.lrp import AlphaBeta, lrp
from aln.methods.lrp_epsilon import Epsilon, lrp_epsilon
from aln.methods.relevance import Rule, pixel_relevance
from aln.models.classifier import Classifier
from tests.methods.test_contract import batch
from tests.small_model import small_networks


def classifier(norm: str = "batch") -> Classifier:
    """Random weights, and normalisations that do something."""
    settings = ["model.classifier_widths=[4, 8]", "model.classifier_pools=[true, true]"]
    config = load_config(overrides=[*settings, f"model.classifier_norm={norm}"])
    with torch.random.fork_rng():
        torch.manual_seed(3)
        net = Classifier(3, config.model).eval()
        for part in net.modules():
            if isinstance(part, nn.BatchNorm2d | nn.GroupNorm):
                nn.init.normal_(part.weight)
                nn.init.normal_(part.bias)
            if isinstance(part, nn.BatchNorm2d):
                assert part.running_mean is not None
                assert part.running_var is not None
                part.running_mean.normal_()
                part.running_var.uniform_(0.5, 2)
    return net


class Canonised(nn.Module):
    """The same network without normalisations, in modules that captum knows."""

    def __init__(self, net: Classifier) -> None:
        super().__init__()
        parts: list[nn.Module] = []
        for layer in net.layers:
            convolution, normalisation, pool, _relu = layer.children()
            assert isinstance(convolution, nn.Conv2d)
            assert isinstance(normalisation, nn.BatchNorm2d)
            parts += [fuse_conv_bn_eval(convolution, normalisation), nn.ReLU(), pool]
        self.layers = nn.Sequential(*parts, nn.AdaptiveAvgPool2d(1))
        self.head = net.head

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.head(self.layers(images).flatten(1))
        return logits


# LRP hooks the modules' backward pass, which must then be asked for a gradient
@pytest.mark.filterwarnings("ignore:Setting forward, backward hooks:UserWarning")
def test_epsilon_agrees_with_captum() -> None:
    net = classifier()
    images, labels = batch(16, 16, count=2)
    reference = Canonised(net).eval()
    for part in reference.modules():
        part.rule = EpsilonRule(epsilon=1e-9)
    expected = captum.attr.LRP(reference).attribute(images.clone().requires_grad_(), target=labels)
    found = pixel_relevance(net, images, labels, Epsilon(1e-9))
    assert torch.allclose(found, expected.sum(1), atol=1e-5)


def matrix(function: object, at: Tensor) -> tuple[Tensor, Tensor]:
    """An affine function as weights (outputs, inputs) and biases (outputs,)."""
    jacobian = torch.autograd.functional.jacobian(function, at)  # type: ignore[no-untyped-call]
    weights = jacobian.reshape(-1, at.numel())
    return weights, function(at).flatten() - weights @ at.flatten()  # type: ignore[operator]


def naive_split(rule: Rule, inputs: Tensor, weights: Tensor, biases: Tensor, relevance: Tensor) -> Tensor:
    """The formula of the paper, one output after the other."""
    given = torch.zeros_like(inputs)
    for j in range(len(biases)):
        parts = torch.cat([weights[j] * inputs, biases[j : j + 1]])
        if isinstance(rule, Epsilon):
            total = parts.sum()
            share = parts / (total + rule.epsilon * (1 if total >= 0 else -1))
        else:
            assert isinstance(rule, AlphaBeta)
            share = torch.zeros_like(parts)
            for sign, factor in ((1, rule.alpha), (-1, 1 - rule.alpha)):
                own = (sign * parts).clamp(min=0)
                if own.sum() > 0:
                    share += factor * own / own.sum()
        given += share[:-1] * relevance[j]
    return given


def naive(net: Classifier, image: Tensor, label: int, rule: Rule) -> Tensor:
    """Every layer as a matrix; statistics of a group are what they are on this image."""
    before = [image]
    functions = []
    for layer in net.layers:
        convolution, normalisation, pool, _relu = layer.children()
        values = convolution(before[-1])
        if isinstance(normalisation, nn.GroupNorm):
            frozen = nn.BatchNorm2d(values.shape[1], eps=normalisation.eps).eval()
            grouped = values.reshape(normalisation.num_groups, -1)
            size = values.shape[1] // normalisation.num_groups
            frozen.running_mean = grouped.mean(1).repeat_interleave(size)
            frozen.running_var = grouped.var(1, correction=0).repeat_interleave(size)
            frozen.weight, frozen.bias = normalisation.weight, normalisation.bias
            normalisation = frozen
        functions.append(nn.Sequential(convolution, normalisation))
        before.append(pool(normalisation(values).relu()))

    def head(features: Tensor) -> Tensor:
        logits: Tensor = net.head(features.mean((2, 3)))[:, label]
        return logits

    start = rule.start(head(before[-1]))
    relevance = naive_split(rule, before[-1].flatten(), *matrix(head, before[-1]), start)
    for inputs, function in zip(before[-2::-1], functions[::-1], strict=True):
        outputs = function(inputs).relu()
        _values, winners = nn.functional.max_pool2d(outputs, 2, return_indices=True)
        unpooled = torch.zeros(outputs.shape[1], outputs[0, 0].numel())
        unpooled.scatter_(1, winners.flatten(2)[0], relevance.reshape(outputs.shape[1], -1))
        relevance = naive_split(rule, inputs.flatten(), *matrix(function, inputs), unpooled.flatten())
    return relevance.reshape(image.shape).sum(1)


@pytest.mark.parametrize("norm", ["batch", "group"])
@pytest.mark.parametrize(
    "rule", [Epsilon(0.01), AlphaBeta(1), AlphaBeta(2)], ids=["epsilon", "z-plus", "alpha-2-beta-1"]
)
@torch.no_grad()
def test_agrees_with_the_sum_of_the_paper(rule: Rule, norm: str) -> None:
    net = classifier(norm)
    images, labels = batch(8, 9, count=2)
    found = pixel_relevance(net, images, labels, rule)
    for image in range(2):
        expected = naive(net, images[image : image + 1], int(labels[image]), rule)
        assert torch.allclose(found[image], expected[0], atol=1e-4, rtol=1e-4)


def test_relevance_is_conserved_without_biases() -> None:
    net = classifier()
    for part in net.modules():
        if isinstance(part, nn.BatchNorm2d):
            nn.init.zeros_(part.bias)
            assert part.running_mean is not None
            part.running_mean.zero_()
    nn.init.zeros_(net.head.bias)
    images, labels = batch(16, 16)
    logits = net(images).gather(1, labels[:, None])[:, 0]
    assert torch.allclose(pixel_relevance(net, images, labels, Epsilon(1e-9)).sum((1, 2)), logits, atol=1e-4)


def test_nothing_is_negative_under_z_plus() -> None:
    assert (lrp(small_networks(), *batch()) >= 0).all()


def test_options_out_of_range_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"alpha=0\.5"):
        lrp(small_networks(), *batch(count=1), alpha=0.5)
    with pytest.raises(ConfigError, match="epsilon=0"):
        lrp_epsilon(small_networks(), *batch(count=1), epsilon=0)


def test_an_unknown_layer_is_named() -> None:
    nets = small_networks()
    nets.classifier.layers.append(nn.Sequential(nn.Conv2d(8, 8, 1), nn.Sigmoid()))
    with pytest.raises(ModelError, match="no rule is known"):
        lrp(nets, *batch(count=1))
