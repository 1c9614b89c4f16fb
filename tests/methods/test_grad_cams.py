from __future__ import annotations

import captum.attr
import pytest
import torch

from aln.errors import ConfigError
from aln.methods.cam import cam
from aln.methods.grad_cam import grad_cam
from aln.methods.grad_cam_pp import grad_cam_pp
from aln.methods.score_cam import score_cam
from tests.methods.test_contract import batch
from tests.small_model import small_networks


@pytest.mark.parametrize("layer", [0, 1, -1])
@pytest.mark.filterwarnings("ignore:Setting forward, backward hooks:UserWarning")
def test_grad_cam_agrees_with_captum(layer: int) -> None:
    nets = small_networks()
    images, labels = batch()
    reference = captum.attr.LayerGradCam(nets.classifier, nets.classifier.layers[layer])
    expected = reference.attribute(images, target=labels, relu_attributions=True)[:, 0]
    assert torch.allclose(grad_cam(nets, images, labels, layer=layer), expected, atol=1e-6)


def test_grad_cam_of_the_last_layer_is_cam_cut_off_at_zero() -> None:
    nets = small_networks()
    images, labels = batch()
    maps = cam(nets, images, labels)
    assert torch.allclose(grad_cam(nets, images, labels), maps.relu() / maps[0].numel(), atol=1e-6)


@pytest.mark.parametrize("layer", [0, 1])
def test_grad_cam_pp_agrees_with_the_derivatives_of_the_paper(layer: int) -> None:
    """Powers of dS/dA stand for the derivatives of exp(S), as in eq. 16 to 19; exp(S) is kept here."""
    nets = small_networks()
    net = nets.classifier.double()
    images, labels = batch(8, 8, count=2)
    found = grad_cam_pp(nets, images.double(), labels, layer=layer)
    for image in range(2):
        maps = net.layers[: layer + 1](images[image : image + 1].double()).detach().requires_grad_()
        score = net.head(net.layers[layer + 1 :](maps).mean((2, 3)))[0, labels[image]]
        (slope,) = torch.autograd.grad(score, maps)
        expected = torch.zeros(maps.shape[2:], dtype=torch.float64)
        for k in range(maps.shape[1]):
            weight = torch.zeros((), dtype=torch.float64)
            for i, j in torch.cartesian_prod(*(torch.arange(n) for n in maps.shape[2:])).tolist():
                first, second, third = (score.exp() * slope[0, k, i, j] ** n for n in (1, 2, 3))
                if first > 0:
                    share = second / (2 * second + maps[0, k].sum() * third)
                    weight = weight + share * first
            expected += (weight * maps[0, k]).detach()
        expected = expected.relu() / score.exp().detach()
        assert torch.allclose(found[image], expected, rtol=1e-6, atol=1e-12)


def test_score_cam_agrees_with_the_algorithm_of_the_paper() -> None:
    nets = small_networks()
    net = nets.classifier
    images, labels = batch(count=2)
    with torch.no_grad():
        found = score_cam(nets, images, labels)
        for image in range(2):
            features = net.features(images[image : image + 1])
            empty = net(torch.zeros_like(images[:1]))[0, labels[image]]
            increases = []
            for k in range(features.shape[1]):
                large = torch.nn.functional.interpolate(
                    features[:, k : k + 1], images.shape[2:], mode="bilinear"
                )
                seen = (large - large.min()) / (large.max() - large.min()) if large.max() > large.min() else 0
                increases.append(net(images[image : image + 1] * seen)[0, labels[image]] - empty)
            weights = torch.stack(increases).exp() / torch.stack(increases).exp().sum()
            expected = (weights[:, None, None] * features[0]).sum(0).clamp(min=0)
            assert torch.allclose(found[image], expected, atol=1e-5)


@pytest.mark.parametrize("method", [grad_cam, grad_cam_pp], ids=["grad_cam", "grad_cam_pp"])
@pytest.mark.parametrize("layer", [2, -3])
def test_a_layer_that_is_not_there_is_refused(method: object, layer: int) -> None:
    assert callable(method)
    with pytest.raises(ConfigError, match="2 layers; give -2 to 1"):
        method(small_networks(), *batch(count=1), layer=layer)
