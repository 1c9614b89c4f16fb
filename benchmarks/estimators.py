"""Which gradient estimator knows where the object is? Finite differences are the judge.

    python benchmarks/estimators.py runs/cluttered-eth80-default-0

For images that the run's classifier never saw, the true effect of hiding each superpixel on the true class's
probability is regressed from `JUDGES` random masks (each superpixel hidden with probability 0.25). An
estimator's gradient, from a few masks, is then compared with it by correlation over the image's superpixels:
1 would be a perfect guide, 0 is noise. Beside it, milliseconds an image.

Writes results/estimators.json and results/estimators.md.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from aln.data import open_images
from aln.data.images import resize_to_input
from aln.files import write_atomic
from aln.localizer import Localizer
from aln.models.masking import logistic_noise, occlude, sample, spread
from aln.training.estimators import ESTIMATORS, MaskingProblem
from aln.training.objectives import OBJECTIVES

RESULTS = Path(__file__).parent / "results"
IMAGES, JUDGES, REPEATS, HIDDEN = 32, 600, 6, 0.25
CASES = [
    ("straight_through", 1, 1.0),
    ("straight_through", 4, 1.0),
    ("rloo", 4, 1.0),
    ("rloo", 16, 1.0),
    ("concrete", 1, 0.5),
    ("concrete", 1, 1.0),
    ("concrete", 1, 2.0),
    ("concrete", 4, 1.0),
]
"""Estimator, masks an image, temperature."""


def problem_of(localizer: Localizer, pixels: np.ndarray, label: int) -> MaskingProblem:
    """One image as estimators see it, with equal probabilities everywhere."""
    nets = localizer.networks
    image = nets.preprocessing.normalise(torch.from_numpy(pixels).unsqueeze(0))
    segments = nets.segments(image)
    count = int(segments.max()) + 1
    return MaskingProblem(
        images=image,
        labels=torch.tensor([label]),
        segments=segments,
        probabilities=torch.full((1, count), HIDDEN, requires_grad=True),
        classify=nets.classifier,
        objective=OBJECTIVES["probability"],
        preserve_weight=0.0,
        temperature=1.0,
        masks_per_image=1,
        generator=torch.Generator().manual_seed(label),
    )


@torch.no_grad()
def true_effects(problem: MaskingProblem) -> Tensor:
    """Effect of hiding each superpixel (K,), by least squares over random masks."""
    count = problem.probabilities.shape[1]
    noise = logistic_noise((JUDGES, count), problem.generator)
    masks = sample(problem.probabilities.expand(JUDGES, -1), noise)
    values = []
    for part in torch.split(masks, 100):
        segments = problem.segments.expand(len(part), -1, -1)
        shown = occlude(problem.images.expand(len(part), -1, -1, -1), spread(part, segments))
        values.append(problem.objective(problem.classify(shown), problem.labels.expand(len(part))))
    design = torch.cat([masks, torch.ones(JUDGES, 1)], 1)
    effects: Tensor = torch.linalg.lstsq(design, torch.cat(values).unsqueeze(1)).solution[:count, 0]
    return effects


def gradient(problem: MaskingProblem, name: str) -> Tensor:
    """One estimate of the gradient with respect to the probabilities (K,)."""
    surrogate = ESTIMATORS[name](problem).surrogate
    return torch.autograd.grad(surrogate, problem.probabilities)[0][0]


def agreement(localizer: Localizer, problems: list[MaskingProblem]) -> list[dict[str, float | int | str]]:
    """One row a case: mean correlation, its standard error over images, and cost."""
    truths = [true_effects(problem) for problem in problems]
    localizer.networks.classifier.requires_grad_(False)
    rows: list[dict[str, float | int | str]] = []
    for name, masks, temperature in CASES:
        started, correlations = time.perf_counter(), []
        for problem, truth in zip(problems, truths, strict=True):
            case = replace(problem, masks_per_image=masks, temperature=temperature)
            found = [gradient(case, name) for _ in range(REPEATS)]
            pairs = [np.corrcoef(estimate.numpy(), truth.numpy())[0, 1] for estimate in found]
            correlations.append(float(np.nanmean(pairs)))
        cost = (time.perf_counter() - started) / (len(problems) * REPEATS) * 1000
        error = float(np.std(correlations, ddof=1) / np.sqrt(len(correlations)))
        rows.append(
            {
                "estimator": name,
                "masks_per_image": masks,
                "temperature": temperature if name == "concrete" else "",
                "correlation": round(float(np.mean(correlations)), 3),
                "standard_error": round(error, 3),
                "ms_per_image": round(cost, 2),
                "n_images": len(problems),
            }
        )
    return rows


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("run", type=Path, help="a run folder")
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    localizer = Localizer.load(arguments.run)
    images = open_images(localizer.config.data, "train-fullsup")
    side = localizer.networks.preprocessing.input_size
    chosen = np.linspace(0, len(images) - 1, IMAGES).round().astype(int)
    problems = [
        problem_of(localizer, resize_to_input(images.read(int(i)), side), images.label(int(i)))
        for i in chosen
    ]
    rows = agreement(localizer, problems)
    write_atomic(arguments.out / "estimators.json", (json.dumps(rows, indent=1) + "\n").encode())
    lines = [
        f"`python benchmarks/estimators.py {arguments.run}`",
        "",
        "# Gradient estimators against finite differences",
        "",
        "Correlation over superpixels between an estimated gradient and the true effect of hiding each one "
        f"on the true class's probability ({JUDGES} random masks; mean of {IMAGES} images ± standard error), "
        "one thread, one image at a time.",
        "",
        "| estimator | masks an image | temperature | correlation | ms an image |",
        "| --- | ---: | ---: | ---: | ---: |",
        *(
            f"| {row['estimator']} | {row['masks_per_image']} | {row['temperature']} | "
            f"{row['correlation']} ± {row['standard_error']} | {row['ms_per_image']} |"
            for row in rows
        ),
    ]
    write_atomic(arguments.out / "estimators.md", ("\n".join(lines) + "\n").encode())


if __name__ == "__main__":
    main()
