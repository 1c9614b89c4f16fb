"""Figures of masks against a naive twin that goes image by image and classifier by classifier."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from aln.ablation.measuring import artifact_rows
from aln.ablation.transfer import Victims, artifact_columns
from aln.boxes import normalise, parse_rule
from aln.evaluation.artifacts import mask_shape
from aln.evaluation.rows import Row
from aln.models.classifier import Classifier
from tests.evaluation.fakes import FakeImages
from tests.small_model import CLASS_NAMES, photograph, small_localizer, small_networks

COUNT = 7
RULE = parse_rule(small_localizer().config.localize.rule)
LABELS = [index % len(CLASS_NAMES) for index in range(COUNT)]
FIGURES = {"area", "components", "component_size", "boundary", "drop_own", "drop_start", "drop_others"}


def victims() -> Victims:
    own, start, *others = (small_networks(seed).classifier for seed in (0, 3, 4, 5))
    return Victims(own, start, others)


def images() -> FakeImages:
    return FakeImages([photograph(32, 32, seed) for seed in range(COUNT)], LABELS, CLASS_NAMES)


def right(classifier: Classifier, image: torch.Tensor, label: int) -> int:
    with torch.no_grad():
        return int(classifier(image.unsqueeze(0)).argmax()) == label


def test_columns_equal_those_of_a_naive_twin() -> None:
    localizer, seen = small_localizer(), victims()
    inputs = localizer.prepare([photograph(32, 32, seed) for seed in range(COUNT)])
    labels = np.array(LABELS)
    batches = [(inputs[:4], labels[:4]), (inputs[4:], labels[4:])]
    columns = artifact_columns(localizer.networks, RULE, seen, batches)
    assert set(columns) == {(whose, figure) for whose in ("aln", "random") for figure in FIGURES}
    for i, label in enumerate(LABELS):
        raw = localizer.raw_scores(inputs[i : i + 1], [label], localizer.task("aln"))[0]
        score_map = normalise(raw)
        mask = score_map >= np.float32(RULE.threshold(score_map))
        shape = mask_shape(mask)
        found = {figure: columns["aln", figure][i] for figure in FIGURES}
        assert (found["area"], found["components"]) == (shape.area, shape.components)
        assert (found["component_size"], found["boundary"]) == (shape.component_size, shape.boundary)
        hidden = inputs[i].clone()
        hidden[:, torch.from_numpy(mask)] = 0
        for figure, group in (("own", [seen.own]), ("start", [seen.start]), ("others", seen.others)):
            drops = [right(c, inputs[i], label) - right(c, hidden, label) for c in group]
            assert found[f"drop_{figure}"] == pytest.approx(np.mean(drops))


def test_random_masks_have_nearly_the_same_area() -> None:
    localizer = small_localizer()
    inputs = localizer.prepare([photograph(32, 32, seed) for seed in range(COUNT)])
    columns = artifact_columns(localizer.networks, RULE, victims(), [(inputs, np.array(LABELS))])
    largest = max(np.bincount(s.ravel()).max() for s in localizer.networks.segments(inputs).numpy())
    apart = np.abs(columns["aln", "area"] - columns["random", "area"])
    assert apart.max() <= largest / 2 / 32**2
    assert (columns["random", "boundary"] > 0).all()


def test_rows_are_means_over_the_images_in_percent_or_plain_numbers() -> None:
    localizer, seen = small_localizer(), victims()
    like = Row("d", "aln", "default", 7, "paper", "exact", "metric_1", 1.0, 0.0, 2.0, 1, 3.0)
    rows = artifact_rows(localizer, seen, images(), like)
    inputs = localizer.prepare([photograph(32, 32, seed) for seed in range(COUNT)])
    batches = [(inputs[i : i + 3], np.array(LABELS[i : i + 3])) for i in (0, 3, 6)]
    columns = artifact_columns(localizer.networks, RULE, seen, batches)
    assert {(row.method, row.metric) for row in rows} == set(columns)
    for row in rows:
        scale = 1 if row.metric in ("components", "boundary") else 100
        assert row.value == pytest.approx(scale * columns[row.method, row.metric].mean())
        assert row.ci_low <= row.value + 1e-9
        assert row.value <= row.ci_high + 1e-9
        assert (row.dataset, row.seed, row.n_images, row.ms_per_image) == ("d", 7, COUNT, 3.0)
