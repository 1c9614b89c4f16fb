from __future__ import annotations

import captum.attr
import cv2
import numpy as np
import pytest
import torch

from aln.errors import ConfigError
from aln.methods.base import MethodFunction
from aln.methods.occlusion import occlusion, windows
from aln.methods.perturbation import Task, blur, perturbation
from aln.methods.rise import random_masks, rise
from tests.methods.test_contract import batch
from tests.small_model import small_networks


@torch.no_grad()
def test_occlusion_agrees_with_captum() -> None:
    nets = small_networks()
    images, labels = batch(16, 32, count=2)
    reference = captum.attr.Occlusion(lambda x: nets.classifier(x).softmax(1))
    expected = reference.attribute(
        images, sliding_window_shapes=(3, 4, 8), strides=(3, 2, 4), target=labels, baselines=0
    )
    found = occlusion(nets, images, labels, window=0.25, stride=0.125)
    assert torch.allclose(found, expected[:, 0].float(), atol=1e-6)


@pytest.mark.parametrize("size", [(16, 32), (17, 31), (1, 5)], ids=str)
def test_windows_are_of_one_size_and_hide_every_pixel(size: tuple[int, int]) -> None:
    masks = windows(*size, 0.25, 0.1)
    assert set(masks.flatten().tolist()) <= {0.0, 1.0}
    areas = {int(mask.sum()) for mask in masks}
    assert areas == {max(1, round(size[0] / 4)) * max(1, round(size[1] / 4))}
    assert (masks.sum(0) > 0).all()


@torch.no_grad()
def test_rise_agrees_with_the_sum_of_the_paper() -> None:
    nets = small_networks()
    images, labels = batch(count=2)
    masks = random_masks(32, 32, count=20, cells=4, p=0.3)
    found = rise(nets, images, labels, masks=20, cells=4, p=0.3)
    for image in range(2):
        expected = torch.zeros(32, 32)
        for mask in masks:
            belief = nets.classifier(images[image : image + 1] * mask).softmax(1)[0, labels[image]]
            expected += belief * mask
        assert torch.allclose(found[image], expected / (0.3 * 20), atol=1e-5)


def test_random_masks_are_smooth_and_show_a_share_of_p() -> None:
    masks = random_masks(28, 35, count=2000, cells=7, p=0.3)
    assert masks.shape == (2000, 28, 35)
    assert masks.min() >= 0
    assert masks.max() <= 1
    assert torch.allclose(masks.mean(0), torch.full((28, 35), 0.3), atol=0.06)
    assert masks.diff(dim=1).abs().max() <= 1 / 4 + 1e-6  # a cell is 4 rows
    assert len({mask.numpy().tobytes() for mask in masks[:50]}) == 50


def test_blur_is_that_of_opencv() -> None:
    image = np.random.default_rng(0).random((20, 30, 3)).astype(np.float32)
    expected = cv2.GaussianBlur(image, (13, 13), 2.0, borderType=cv2.BORDER_REPLICATE)
    found = blur(torch.from_numpy(image).permute(2, 0, 1)[None], 2.0)
    assert np.allclose(found[0].permute(1, 2, 0).numpy(), expected, atol=1e-5)


@torch.no_grad()
def test_the_cost_of_a_mask_is_that_of_the_paper() -> None:
    nets = small_networks()
    images, labels = (part[:1] for part in batch())
    task = Task(nets, images, labels, area=0.5, smoothness=0.2)
    mask = torch.rand(1, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    variation = 0.0
    for y in range(4):
        for x in range(4):
            for down, right in ((1, 0), (0, 1)):
                if y + down < 4 and x + right < 4:
                    variation += abs(float(mask[0, 0, y + down, x + right] - mask[0, 0, y, x])) ** 3
    large = torch.nn.functional.interpolate(mask, (32, 32), mode="bilinear")
    mixed = large * images + (1 - large) * task.blurred
    moved = torch.zeros_like(mixed)
    for y in range(32):
        for x in range(32):
            moved[:, :, (y + 1) % 32, (x - 2) % 32] = mixed[:, :, y, x]
    belief = float(nets.classifier(moved).softmax(1)[0, labels[0]])
    expected = 0.5 * float((1 - mask).mean()) + 0.2 * variation + belief
    assert float(task.cost(mask, [1, -2])) == pytest.approx(expected, rel=1e-5)


def test_the_descent_is_adam_with_a_shift_a_step() -> None:
    """The twin is Adam as Kingma & Ba write it (2015, algorithm 1), the mask held in [0, 1]."""
    nets = small_networks()
    images, labels = (part[:1] for part in batch())
    task = Task(nets, images, labels, area=0.05, smoothness=0.2)
    shifts = torch.Generator().manual_seed(0)
    mask, first, second = (torch.full((1, 1, 4, 4), value) for value in (1.0, 0.0, 0.0))
    for step in range(1, 6):
        shift = torch.randint(-1, 2, (2,), generator=shifts).tolist()
        asked = mask.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(task.cost(asked, shift), asked)
        first, second = 0.9 * first + 0.1 * gradient, 0.999 * second + 0.001 * gradient**2
        ahead = first / (1 - 0.9**step) / ((second / (1 - 0.999**step)).sqrt() + 1e-8)
        mask = (mask - 0.1 * ahead).clamp(0, 1)
    found = perturbation(nets, images, labels, iterations=5, area=0.05, smoothness=0.2)
    assert 0 < float(mask.mean()) < 1
    assert torch.allclose(found, 1 - task.resized(mask)[:, 0], atol=1e-4)


def test_a_learnt_mask_costs_less_than_none() -> None:
    nets = small_networks()
    images, _ = batch(count=2)
    with torch.no_grad():
        nets.classifier.head.weight *= 3  # so that something is to be had by hiding
        before, after = (nets.classifier(seen).softmax(1) for seen in (images, blur(images, 10 * 32 / 224)))
        labels = (before - after).argmax(1)
    hidden = perturbation(nets, images, labels, iterations=40, area=0.01)
    assert hidden.min() >= 0
    assert hidden.max() <= 1
    for image in range(2):
        task = Task(nets, images[image : image + 1], labels[image : image + 1], 0.01, 0.01)
        learnt = torch.nn.functional.interpolate(1 - hidden[image][None, None], (4, 4), mode="area")
        assert task.cost(learnt, [0, 0]) < task.cost(torch.ones(1, 1, 4, 4), [0, 0])


def test_an_endless_price_hides_nothing() -> None:
    assert perturbation(small_networks(), *batch(count=1), iterations=3, area=1e4).max() == 0


@pytest.mark.parametrize(
    ("method", "options"),
    [
        (occlusion, {"window": 0.0}),
        (occlusion, {"window": 1.5}),
        (occlusion, {"window": 0.25, "stride": 0.5}),
        (occlusion, {"stride": 0.0}),
        (rise, {"masks": 0}),
        (rise, {"cells": 0.5}),
        (rise, {"p": 0.0}),
        (perturbation, {"iterations": 0}),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_options_out_of_range_are_refused(method: MethodFunction, options: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=list(options)[-1]):
        method(small_networks(), *batch(count=1), **options)
