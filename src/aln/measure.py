"""From a run and annotated photographs to scores: what `evaluate` does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from aln.boxes import parse_rule
from aln.config import DataConfig
from aln.data import open_images, open_truth, shared_ids
from aln.data.base import GroundTruth, LabelledImages, Split
from aln.data.truth import Without
from aln.errors import ConfigError, DataError, ModelError
from aln.evaluation import choe2020
from aln.evaluation.evaluate import evaluate
from aln.evaluation.protocols import PROTOCOLS
from aln.evaluation.rows import Row
from aln.evaluation.score_maps import evaluate_score_maps
from aln.evaluation.trivial import choose_side
from aln.evaluation.wsol_writer import WsolWriter
from aln.localizer import Localizer
from aln.model_io import MANIFEST, Provenance, record_scores
from aln.progress import progress_bar

KEY = ("dataset", "method", "rule", "protocol", "metric")
"""What a recorded score says it measured; a new score replaces the one that says the same."""


def evaluate_run(
    run: Path | str,
    data: DataConfig,
    *,
    split: Split = "test",
    methods: Sequence[str] = (),
    rules: Sequence[str] = (),
    max_images: int = 0,
    protocol: str = "exact",
    device: str = "auto",
    write_score_maps: Path | str | None = None,
    write_metadata: Path | str | None = None,
    record: bool = True,
    console: Console | None = None,
) -> tuple[list[Row], dict[str, str]]:
    """Measure the model in `run` on annotated photographs, and record its scores in its folder.

    Photographs that the model was trained on are measured all the same; a line says that they are these.

    The side of the centred box is chosen on those of `train-fullsup` that are not measured; where there are
    none it is chosen on the measured images, and its row says "oracle".

    Args:
        run: Model folder.
        data: Where the photographs and their boxes are.
        split: Which of them to measure on.
        methods: Names of methods; by default the model's own; the trivial ones are added.
        rules: Threshold rules, each gives rows of its own; by default the model's own.
        max_images: Measure on at most this many images; 0: on all.
        protocol: Name of the evaluation protocol, for figures over all thresholds.
        device: Where the networks run, as torch names it; auto: on the GPU where there is one.
        write_score_maps: Folder for the score maps of each method, as clovaai/wsolevaluation reads them.
        write_metadata: Folder for the labels, sizes, boxes and masks of what was measured, likewise.
        record: Whether to do as `record_run` does in the end.
        console: Where the progress bar and remarks go; standard error by default.

    Returns:
        The rows, and the reason for each image that could not be read, by its id.

    Raises:
        AlnError: For a folder that is no model, an unknown method, rule, protocol or device, or photographs
            without boxes.
    """
    run = Path(run)
    localizer = Localizer.load(run, device)
    PROTOCOLS[protocol]
    methods = methods or (localizer.config.localize.method,)
    rules = rules or (localizer.config.localize.rule,)
    for name in methods:
        localizer.task(name)
    for rule in rules:
        parse_rule(rule)
    images, truth = open_images(data, split), required_truth(data, split)
    console = console or Console(stderr=True)
    _warn_of_training_images(images, localizer.provenance, console)
    failures: dict[str, str] = {}
    total = min(len(truth), max_images or len(truth))
    ids = map(images.image_id, range(len(images)))
    writer = WsolWriter(write_score_maps, write_metadata, filter(truth.__contains__, ids))
    with progress_bar(console) as progress:
        bar = progress.add_task("evaluating", total=total)
        rows = evaluate(
            localizer,
            images,
            truth,
            methods=methods,
            rules=rules,
            side=centred_side(data, images),
            max_images=max_images,
            protocol=protocol,
            on_error=lambda image_id, error: failures.update({image_id: str(error)}),
            progress=lambda done: progress.advance(bar, done),
            on_score_map=writer.add,
        )
    if record:
        record_run(run, rows, split=split, max_images=max_images, console=console)
    writer.close()
    return rows, failures


def record_run(
    run: Path | str, rows: Sequence[Row], *, split: Split, max_images: int, console: Console | None = None
) -> None:
    """Keep what `evaluate_run` measured in the model's folder, if it is of all of the `test` split.

    Where it can't be kept `console` (standard error by default) is told, and nothing raised: the rows are
    there all the same. An exported model stays as it was checked.
    """
    run = Path(run)
    if split != "test" or max_images or not run.is_dir():
        return
    try:
        record_scores(run, [asdict(row) for row in rows], key=KEY)
    except ModelError as error:
        (console or Console(stderr=True)).print(
            f"warning: {run / MANIFEST} does not keep these scores: {error}", markup=False, soft_wrap=True
        )


def measure_score_maps(
    folder: Path | str,
    metadata: Path | str | None,
    *,
    masks: Path | str | None = None,
    step: float | None = None,
    console: Console | None = None,
) -> list[Row]:
    """Measure a folder of `.npy` score maps under `choe2020`; see `evaluate_score_maps`, with its own step.

    Raises:
        AlnError: Where `metadata` or something in a folder is missing or malformed.
    """
    if metadata is None:
        raise ConfigError(f"{folder}: say with --metadata where the maps' image_ids.txt and its like are")
    with progress_bar(console) as progress:
        bar = progress.add_task("evaluating", total=None)
        return evaluate_score_maps(
            Path(folder),
            Path(metadata),
            masks=None if masks is None else Path(masks),
            step=choe2020.STEP if step is None else step,
            progress=lambda done, total: progress.update(bar, completed=done, total=total),
        )


def required_truth(data: DataConfig, split: Split) -> GroundTruth:
    """The ground truth of a split.

    Raises:
        DataError: If the data set has none; says how to add it.
    """
    truth = open_truth(data, split)
    if truth is None:
        raise DataError(
            f"{data.path}: has no boxes or masks to measure against; beside the class folders put boxes.csv "
            "(image,x0,y0,x1,y1) or masks/<class>/*.png"
        )
    if not len(truth):
        raise DataError(
            f"{data.path}: none of its photographs has a box or mask that is not empty; draw the objects"
        )
    return truth


def centred_side(data: DataConfig, measured: LabelledImages) -> float | None:
    """Side of the centred box, chosen on those of `train-fullsup` that are not measured; None without any.

    Photographs are told apart by their content: folders of a user's often name them alike, and a photograph
    of one split may lie in another under a second name (one does, of Tiny-ImageNet's 100 classes).
    """
    apart = truth_apart(data, measured)
    return None if apart is None else choose_side(open_images(data, "train-fullsup"), apart)


def truth_apart(data: DataConfig, measured: LabelledImages) -> GroundTruth | None:
    """Ground truth of those of `train-fullsup` that are not measured, by content; None without any."""
    truth = open_truth(data, "train-fullsup")
    if truth is None:
        return None
    apart = Without(truth, shared_ids(open_images(data, "train-fullsup"), measured))
    return apart if len(apart) else None


def _warn_of_training_images(images: LabelledImages, provenance: Provenance, console: Console) -> None:
    """Say so where exactly these photographs were trained on: no error, as some have no others."""
    trained = provenance.get("data_fingerprint")
    if trained is not None and images.fingerprint() == trained:
        console.print(
            "note: the model was trained on these very photographs, and on others it may do worse; name a "
            "folder of others to measure on",
            markup=False,
            soft_wrap=True,
        )
