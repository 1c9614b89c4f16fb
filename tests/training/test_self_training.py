"""Masks of the teacher against a twin that goes image by image; crops that move image and mask alike."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from aln.boxes import moments_threshold
from aln.models.corruption import occlusion_logits
from aln.training.self_training import POWER, Teacher, cropped, self_training_step
from aln.training.steps import classifier_step
from tests.conftest import tiny_config
from tests.training import made_up


def _teacher() -> Teacher:
    corruption = made_up.corruption_net()
    torch.nn.init.normal_(corruption.head.weight)
    return Teacher(made_up.classifier(), corruption, tiny_config().model)


@pytest.mark.parametrize("trust", [1.0, 0.3], ids=["masks alone", "drawn to the prior"])
def test_masks_equal_the_naive_twin(trust: float) -> None:
    teacher, batch = _teacher(), made_up.batch()
    teacher.prior.mean.copy_(torch.rand(made_up.SIDE, made_up.SIDE))
    teacher.prior.trust.fill_(trust)
    found = teacher.masks(batch, made_up.SEGMENTS)
    for index in range(len(batch.labels)):
        with torch.no_grad():
            image = batch.images[index : index + 1]
            own = occlusion_logits(teacher.corruption, teacher.classifier, image)[0].sigmoid()
        for label in range(made_up.SEGMENTS):
            own[batch.segments[index] == label] = own[batch.segments[index] == label].mean()
        drawn = (trust * own + (1 - trust) * teacher.prior.mean / 2).numpy()
        expected = drawn >= moments_threshold(drawn, power=POWER) - 1e-6
        assert np.mean(found[index].numpy() != expected) < 0.01  # a superpixel at the very threshold


def test_a_teacher_is_a_copy() -> None:
    corruption, classifier = made_up.corruption_net(), made_up.classifier().eval()
    teacher = Teacher(classifier, corruption, tiny_config().model)
    batch = made_up.batch()
    before = made_up.weights(teacher)
    optimiser = torch.optim.SGD([*corruption.parameters(), *classifier.parameters()], lr=0.1)
    masks = teacher.masks(batch, made_up.SEGMENTS)
    self_training_step(classifier, corruption, optimiser, batch.images, masks, runtime=made_up.FP32)
    classifier_step(
        classifier, optimiser, batch.images, None, batch.labels, clean_weight=0.0, runtime=made_up.FP32
    )
    assert made_up.same(made_up.weights(teacher), before)
    assert not made_up.same(made_up.weights(corruption), made_up.weights(teacher.corruption))
    assert not made_up.same(made_up.weights(classifier), made_up.weights(teacher.classifier))


def test_the_masks_are_learnt_and_the_classifier_stays_as_it_is() -> None:
    corruption, classifier, batch = made_up.corruption_net(), made_up.classifier(), made_up.batch()
    before = made_up.weights(classifier)
    masks = torch.zeros(len(batch.labels), made_up.SIDE, made_up.SIDE)
    masks[:, 8:24, 4:20] = 1
    optimiser = torch.optim.AdamW(corruption.parameters(), lr=0.02)
    losses = [
        self_training_step(classifier, corruption, optimiser, batch.images, masks, runtime=made_up.FP32)
        for _ in range(30)
    ]
    assert losses[-1] < 0.1 < losses[0]
    assert made_up.same(made_up.weights(classifier), before)


def test_crops_move_image_and_mask_alike() -> None:
    masks = (torch.rand(64, 1, 4, 4) > 0.5).float().repeat_interleave(8, 2).repeat_interleave(8, 3)
    images, found = cropped(masks.expand(-1, 3, -1, -1), masks[:, 0], torch.Generator().manual_seed(0))
    assert images.shape == (64, 3, 32, 32)
    assert found.shape == (64, 32, 32)
    inside = cropped(images, torch.ones_like(found), torch.Generator().manual_seed(0))[1] == 1
    assert inside.float().mean() > 0.7
    assert torch.allclose(images[:, 0][inside], found[inside], atol=1e-5)
    assert 0.2 < float((found == masks[:, 0]).all(2).all(1).float().mean()) < 0.45  # some stay whole


def test_shrunken_images_have_a_frame_without_mask() -> None:
    whole = torch.ones(64, 3, 32, 32)
    images, found = cropped(whole, whole[:, 0], torch.Generator().manual_seed(0))
    assert torch.allclose(images, whole)
    shares = found.mean((1, 2))
    assert float(shares.max()) == pytest.approx(1.0)
    assert 0.55 < float(shares.min()) < 0.75  # 1.3 times the side: 0.59 of the area
