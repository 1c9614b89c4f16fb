"""One step of each network: what it changes, what it leaves alone, and the loss against a naive twin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from aln.config import TrainingConfig
from aln.errors import ConfigError, TrainingError
from aln.models.classifier import Classifier
from aln.models.corruption import CorruptionNet, occlusion_logits
from aln.models.masking import area, segment_probabilities
from aln.training.batches import Batch
from aln.training.estimators import ESTIMATORS
from aln.training.steps import (
    CorruptionResult,
    check_settings,
    classifier_step,
    clean_accuracy,
    confidence,
    corruption_step,
    frozen,
    randomly_occluded,
)
from tests.training import made_up

RATE = 0.1


def _corrupt(
    classifier: Classifier,
    corruption: CorruptionNet,
    batch: Batch,
    *,
    estimator: str = "straight_through",
    area_weight: float = 1.0,
) -> CorruptionResult:
    return corruption_step(
        classifier,
        corruption,
        torch.optim.SGD(corruption.parameters(), RATE),
        batch,
        n_segments=made_up.SEGMENTS,
        area_weight=area_weight,
        area_power=1,
        config=TrainingConfig(
            estimator=estimator, masks_per_image=2, objective="margin_argmax", preserve_weight=0.0
        ),
        runtime=made_up.FP32,
        noise=torch.Generator().manual_seed(0),
    )


def _classify(
    classifier: Classifier,
    batch: Batch,
    masked: torch.Tensor | None = None,
    *,
    clean_weight: float = 0.0,
    freeze: bool = False,
) -> tuple[float, float]:
    return classifier_step(
        classifier,
        torch.optim.SGD(classifier.parameters(), RATE),
        batch.images,
        masked,
        batch.labels,
        clean_weight=clean_weight,
        runtime=made_up.FP32,
        freeze_statistics=freeze,
    )


@pytest.mark.parametrize("norm", ["batch", "group"])
@pytest.mark.parametrize("estimator", list(ESTIMATORS))
def test_the_corruption_step_changes_the_corruption_net_only(estimator: str, norm: str) -> None:
    classifier, corruption = made_up.classifier(norm).train(), made_up.corruption_net()
    before, corruption_before = made_up.weights(classifier), made_up.weights(corruption)
    classifier.head.bias.requires_grad_(False)  # as somebody may have left it
    result = _corrupt(classifier, corruption, made_up.batch(), estimator=estimator)
    assert made_up.same(made_up.weights(classifier), before)
    assert [n for n, p in classifier.named_parameters() if not p.requires_grad] == ["head.bias"]
    assert all(p.grad is None for p in classifier.parameters())
    changed = made_up.weights(corruption)
    assert not torch.equal(changed["head.weight"], corruption_before["head.weight"])
    assert not result.masked.requires_grad


def test_the_corruption_steps_figures() -> None:
    classifier, corruption, batch = made_up.classifier(), made_up.corruption_net(), made_up.batch()
    with torch.no_grad():
        logits = occlusion_logits(made_up.corruption_net(), classifier.eval(), batch.images)
        probabilities = segment_probabilities(logits, batch.segments, made_up.SEGMENTS)
    result = _corrupt(classifier, corruption, batch, area_weight=3.0)
    assert result.area == pytest.approx(area(probabilities, batch.segments).mean().item(), rel=1e-5)
    cheap = _corrupt(made_up.classifier(), made_up.corruption_net(), batch, area_weight=0.0)
    assert result.loss == pytest.approx(cheap.loss + 3 * result.area, rel=1e-5)
    hidden = (result.masked == 0).all(1)
    assert torch.equal(result.masked, batch.images * ~hidden.unsqueeze(1))
    assert 0 < hidden.float().mean() < 0.6


def test_a_dear_area_shrinks_the_masks() -> None:
    corruption, batch = made_up.corruption_net(), made_up.batch()
    areas = [_corrupt(made_up.classifier(), corruption, batch, area_weight=10.0).area for _ in range(3)]
    assert areas[0] > areas[1] > areas[2]


def test_the_classifier_step_leaves_the_corruption_net() -> None:
    classifier, corruption, batch = made_up.classifier(), made_up.corruption_net(), made_up.batch()
    result = _corrupt(classifier, corruption, batch)
    for parameter in corruption.parameters():
        parameter.grad = None
    before, classifier_before = made_up.weights(corruption), made_up.weights(classifier)
    _classify(classifier, batch, result.masked)
    assert made_up.same(made_up.weights(corruption), before)
    assert all(parameter.grad is None for parameter in corruption.parameters())
    assert not torch.equal(classifier.head.weight, classifier_before["head.weight"])


@pytest.mark.parametrize("clean_weight", [0.0, 0.25, 1.0])
def test_clean_weight_mixes_two_cross_entropies(clean_weight: float) -> None:
    batch, twin = made_up.batch(), made_up.classifier().eval()
    masked = batch.images.flip(3) * 0.5
    on_masked = F.cross_entropy(twin(masked), batch.labels)
    on_clean = F.cross_entropy(twin(batch.images), batch.labels)
    expected = (1 - clean_weight) * on_masked + clean_weight * on_clean
    gradients = torch.autograd.grad(expected, list(twin.parameters()))

    classifier = made_up.classifier()
    loss, _ = _classify(classifier, batch, masked, clean_weight=clean_weight, freeze=True)
    assert loss == pytest.approx(expected.item(), rel=1e-5)
    for parameter, was, gradient in zip(classifier.parameters(), twin.parameters(), gradients, strict=True):
        torch.testing.assert_close(parameter, was - RATE * gradient, rtol=1e-4, atol=1e-6)


def test_warm_up_sees_clean_images_only() -> None:
    batch, twin = made_up.batch(), made_up.classifier().train()
    expected = F.cross_entropy(twin(batch.images), batch.labels)
    hits = made_up.classifier().train()(batch.images).argmax(1) == batch.labels
    loss, accuracy = _classify(made_up.classifier(), batch)
    assert loss == pytest.approx(expected.item(), rel=1e-5)
    assert accuracy == pytest.approx(hits.float().mean().item())


@pytest.mark.parametrize("freeze", [True, False])
def test_freeze_statistics_keeps_the_running_statistics(freeze: bool) -> None:
    classifier = made_up.classifier()
    before = {name: buffer.clone() for name, buffer in classifier.named_buffers()}
    _classify(classifier, made_up.batch(), freeze=freeze)
    assert (
        made_up.same({name: buffer.clone() for name, buffer in classifier.named_buffers()}, before) is freeze
    )


@pytest.mark.parametrize("trainable", range(1, 6))
def test_fixed_layers_keep_weights_and_statistics(trainable: int) -> None:
    classifier, batch = made_up.classifier(), made_up.batch()
    layers = classifier.from_output()
    before = [made_up.weights(layer) for layer in layers]
    optimiser = torch.optim.AdamW(classifier.parameters(), RATE, weight_decay=0.5)
    options: Any = {"clean_weight": 0.5, "runtime": made_up.FP32, "fixed": layers[trainable:]}
    for _ in range(2):
        classifier_step(classifier, optimiser, batch.images, batch.images.flip(3), batch.labels, **options)
    kept = [made_up.same(made_up.weights(layer), was) for layer, was in zip(layers, before, strict=True)]
    assert kept == [index >= trainable for index in range(5)]
    assert all(parameter.requires_grad for parameter in classifier.parameters())


def test_frozen_restores_also_after_an_exception() -> None:
    classifier = made_up.classifier()
    classifier.head.bias.requires_grad_(False)
    with frozen(classifier):
        assert not any(parameter.requires_grad for parameter in classifier.parameters())
    with pytest.raises(KeyError), frozen(classifier):
        raise KeyError
    assert [n for n, p in classifier.named_parameters() if not p.requires_grad] == ["head.bias"]


def test_gradients_pass_through_a_frozen_network() -> None:
    images = made_up.batch().images.requires_grad_()
    classifier = made_up.classifier().eval()
    with frozen(classifier):
        torch.autograd.backward(classifier(images).sum())
    assert images.grad is not None
    assert images.grad.abs().sum() > 0


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("which", ["corruption", "classification"])
def test_a_loss_that_is_not_finite_stops_training(which: str, value: float) -> None:
    batch = made_up.batch()
    batch = replace(batch, images=batch.images.index_fill(0, torch.tensor([2]), value))
    classifier = made_up.classifier()
    steps: dict[str, Callable[[], object]] = {
        "corruption": lambda: _corrupt(classifier, made_up.corruption_net(), batch),
        "classification": lambda: _classify(classifier, batch),
    }
    with pytest.raises(TrainingError, match=rf"the {which} loss is .*last checkpoint is whole.*_lr"):
        steps[which]()
    assert all(parameter.requires_grad for parameter in classifier.parameters())


def test_clean_accuracy_against_one_image_at_a_time() -> None:
    batches, classifier = made_up.batches(20), made_up.classifier().eval()
    hits = [
        int(classifier(one.images).argmax()) == int(one.labels)
        for one in (batches.plain(batches.indices[i : i + 1]) for i in range(20))
    ]
    before = made_up.weights(classifier)
    assert clean_accuracy(classifier, batches, made_up.FP32) == sum(hits) / 20
    assert made_up.same(made_up.weights(classifier), before)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"objective": "margin"}, "objective called 'margin'; did you mean"),
        ({"estimator": "relu"}, "gradient estimator called 'relu'"),
        ({"estimator": "rloo", "masks_per_image": 1}, "masks_per_image to 2 or more"),
    ],
)
def test_settings_that_would_fail_after_the_warm_up(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        check_settings(TrainingConfig.model_validate(settings))


@pytest.mark.parametrize("most", [0.3, 1.0])
def test_random_occlusion_hides_whole_superpixels_of_two_images_in_three(most: float) -> None:
    batch = next(made_up.batches(300, batch_size=300).epoch(0))
    shown = randomly_occluded(batch, made_up.SEGMENTS, most, torch.Generator().manual_seed(0))
    hidden = (shown == 0).all(1)
    assert torch.equal(shown, batch.images * ~hidden.unsqueeze(1))
    for label in range(made_up.SEGMENTS):  # hidden as a whole or not at all
        inside = batch.segments == label
        share = (hidden & inside).sum((1, 2)) / inside.sum((1, 2))
        assert ((share == 0) | (share == 1)).all()
    shares = hidden.float().mean((1, 2))
    by_chance = (1 - (1 - most) ** 17) / (17 * most)  # no superpixel hidden, of 16, at an even share
    assert (shares == 0).float().mean().item() == pytest.approx(1 / 3 + 2 / 3 * by_chance, abs=0.1)
    assert shares.mean().item() == pytest.approx(most / 3, rel=0.15)


def test_no_random_occlusion_unless_asked() -> None:
    batch = made_up.batch()
    noise = torch.Generator().manual_seed(0)
    assert torch.equal(randomly_occluded(batch, made_up.SEGMENTS, 0.0, noise), batch.images)


def test_confidence_is_the_mean_probability_of_the_true_class() -> None:
    classifier, batch = made_up.classifier(), made_up.batch()
    before = made_up.weights(classifier)
    found = confidence(classifier, batch, made_up.FP32)
    with torch.no_grad():
        answers = [classifier(image[None])[0].softmax(0) for image in batch.images]
    expected = sum(float(answer[label]) for answer, label in zip(answers, batch.labels, strict=True)) / 6
    assert found == pytest.approx(expected, abs=1e-6)
    assert made_up.same(made_up.weights(classifier), before)
