"""What every registered method must do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from aln.methods import METHODS
from aln.methods.base import MethodFunction
from aln.models.networks import Networks
from tests.small_model import CLASS_NAMES, SIZE, small_networks

EVERY = pytest.mark.parametrize("name", list(METHODS))
TRIVIAL = ("max_box", "center_box")
QUICK = {"perturbation": {"iterations": 8}, "rise": {"masks": 40}, "integrated_gradients": {"steps": 6}}


def method(name: str) -> MethodFunction:
    """A method, the slow ones with fewer rounds."""
    return partial(METHODS[name].function, **QUICK.get(name, {}))


def batch(height: int = SIZE, width: int = SIZE, count: int = 5) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 256, (count, height, width, 3), generator=generator, dtype=torch.uint8)
    images = small_networks().preprocessing.normalise(pixels)
    return images, torch.arange(count) % len(CLASS_NAMES)


def state(nets: Networks) -> dict[str, Any]:
    """Everything that a method could leave behind, in comparable form."""
    found: dict[str, Any] = {"rng": torch.get_rng_state().tolist(), "grad": torch.is_grad_enabled()}
    for prefix, net in nets.by_name().items():
        for name, module in net.named_modules():
            hooks = (module._forward_hooks, module._forward_pre_hooks, module._backward_hooks)
            found[f"{prefix}.{name}"] = (
                module.training,
                tuple(sorted(vars(module))),
                [list(h) for h in hooks],
            )
        for name, parameter in net.named_parameters():
            gradient = None if parameter.grad is None else parameter.grad.tolist()
            found[f"{prefix}.{name}:"] = (parameter.requires_grad, gradient, parameter.tolist())
        for name, buffer in net.named_buffers():
            found[f"{prefix}.{name}:"] = buffer.tolist()
    return found


@EVERY
@pytest.mark.parametrize("count", [1, 5])
def test_scores_are_finite_maps(name: str, count: int) -> None:
    images, labels = batch(count=count)
    scores = method(name)(small_networks(), images, labels)
    assert scores.shape[0] == count
    assert scores.ndim == 3
    assert scores.dtype == torch.float32
    assert scores.isfinite().all()


# a corruption net's fully connected bottleneck takes its own input size alone
@pytest.mark.parametrize("name", [name for name in METHODS if not METHODS[name].needs_corruption_net])
@pytest.mark.parametrize(("height", "width"), [(48, 32), (16, 80), (33, 47)], ids=str)
def test_any_height_and_width_that_the_networks_take(name: str, height: int, width: int) -> None:
    scores = method(name)(small_networks(corruption=False), *batch(height, width))
    assert scores.isfinite().all()
    assert (scores.shape[1] > scores.shape[2]) == (height > width)


@EVERY
def test_a_batch_is_the_same_as_one_by_one(name: str) -> None:
    nets = small_networks()
    images, labels = batch()
    function = method(name)
    single = torch.cat([function(nets, images[i : i + 1], labels[i : i + 1]) for i in range(len(images))])
    assert torch.allclose(function(nets, images, labels), single, atol=1e-5)


@EVERY
def test_the_same_input_gives_the_same_scores(name: str) -> None:
    nets = small_networks()
    images, labels = batch()
    first = method(name)(nets, images, labels)
    torch.rand(3)
    assert torch.equal(method(name)(nets, images, labels), first)


@EVERY
@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_a_caller_without_gradients_gets_the_same(name: str, mode: type[torch.no_grad]) -> None:
    nets = small_networks()
    expected = method(name)(nets, *batch(count=2))
    with mode():
        assert torch.equal(method(name)(nets, *batch(count=2)), expected)


@EVERY
def test_scores_differ_where_images_do(name: str) -> None:
    images, labels = batch()
    scores = method(name)(small_networks(), images, labels)
    assert bool((scores[0] == scores[1]).all()) == (name in TRIVIAL)


@EVERY
def test_inputs_are_left_alone(name: str) -> None:
    images, labels = batch()
    before = images.clone()
    method(name)(small_networks(), images, labels)
    assert torch.equal(images, before)
    assert not images.requires_grad
    assert images.grad is None


@EVERY
@pytest.mark.parametrize("fails", [False, True], ids=["works", "raises-half-way"])
def test_no_trace_is_left_on_the_networks(name: str, fails: bool) -> None:
    nets = small_networks()
    next(nets.classifier.parameters()).requires_grad_(False)
    images, labels = batch()
    before = state(nets)
    if fails and name not in TRIVIAL:
        with _failing(nets), pytest.raises(RuntimeError, match="half-way"):
            method(name)(nets, images, labels)
    else:
        method(name)(nets, images, labels)
    assert state(nets) == before


@EVERY
def test_is_described(name: str) -> None:
    entry = METHODS[name]
    assert entry.name == name
    assert entry.summary
    assert entry.cite


@contextmanager
def _failing(nets: Networks) -> Iterator[None]:
    """Make the last convolution of every network raise."""

    def fail(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        raise RuntimeError("half-way")

    handles = []
    for net in nets.by_name().values():
        modules = [*net.modules()]
        convolutions = [module for module in modules if isinstance(module, nn.Conv2d)]
        handles.append((convolutions or modules)[-1].register_forward_pre_hook(fail))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
