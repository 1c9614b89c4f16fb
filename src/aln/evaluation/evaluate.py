"""Measure methods on annotated images, the trivial rows always beside them.

Nothing is tuned on the images that are measured: threshold rules look at one map at a time, the centred box's
side comes from `train-fullsup`, and figures that do look (the oracles) say so in their row's `rule`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from aln.boxes import parse_rule
from aln.data.base import GroundTruth, Image, LabelledImages, Truth
from aln.errors import DataError, ModelError
from aln.evaluation.protocols import PROTOCOLS, EvaluationProtocol
from aln.evaluation.records import Record
from aln.evaluation.rows import Row
from aln.evaluation.session import Contender, OnScoreMap, Session
from aln.evaluation.trivial import TRIVIAL_METHODS, choose_side, spaced
from aln.localizer import Localizer
from aln.sources import Photograph, batches

OnError = Callable[[str, Exception], None]

Rules = Mapping[str, Mapping[str, str]]
"""For each method its threshold rules, by what rows call them."""


def evaluate(
    localizer: Localizer,
    images: LabelledImages,
    truth: GroundTruth,
    *,
    methods: Sequence[str] = ("aln",),
    rules: Sequence[str] = ("paper",),
    dataset: str | None = None,
    side: float | None = None,
    max_images: int = 0,
    protocol: str = "exact",
    on_error: OnError | None = None,
    progress: Callable[[int], None] | None = None,
    on_score_map: OnScoreMap | None = None,
) -> list[Row]:
    """Score methods, the trivial boxes and the classifier; the rows of `score`, which see.

    Args:
        localizer: The trained model.
        images: The images to measure on.
        truth: Their boxes and masks.
        methods: Names of methods; the trivial ones are added.
        rules: Threshold rules of all methods, each gives rows of its own.
        dataset: What rows call the data set; by default its own name.
        side: See `score`, as the rest.
        max_images: At most so many.
        protocol: Name of the evaluation protocol.
        on_error: Called for an image that can't be read.
        progress: Called with the number of images of each batch that is done.
        on_score_map: Called with each score map.
    """
    named = {method: {parse_rule(rule).text: rule for rule in rules} for method in methods}
    session = score(
        localizer,
        images,
        truth,
        named,
        side=side,
        max_images=max_images,
        protocol=protocol,
        on_error=on_error,
        progress=progress,
        on_score_map=on_score_map,
    )
    return session.rows(dataset or images.name, protocol)


def score(
    localizer: Localizer,
    images: LabelledImages,
    truth: GroundTruth,
    rules: Rules,
    *,
    side: float | None = None,
    max_images: int = 0,
    protocol: str = "exact",
    memory: bool = False,
    on_error: OnError | None = None,
    progress: Callable[[int], None] | None = None,
    on_score_map: OnScoreMap | None = None,
) -> Session:
    """Score methods, the trivial boxes and the classifier on every image that has a usable annotation.

    Each method is given the true class; Metric 2 asks the classifier's own as well.

    Args:
        localizer: The trained model.
        images: The images to measure on; their classes are matched with the model's by name.
        truth: Their boxes and masks.
        rules: The methods, each with its threshold rules; the trivial ones are added.
        side: Side of the centred box, chosen elsewhere (`trivial.choose_side` on `train-fullsup`). None
            chooses it on the measured images and marks the row "oracle side".
        max_images: Measure on at most this many images, evenly spaced; 0: on all.
        protocol: Name of the evaluation protocol.
        memory: Measure the memory of each method too.
        on_error: Called with the name of an image that can't be read and the reason; it is skipped. Without
            `on_error` the error is raised.
        progress: Called with the number of images of each batch that is done.
        on_score_map: Called with each score map.

    Raises:
        ConfigError: For an unknown method, rule or protocol.
        ModelError: If the model lacks a network or a class that is needed.
        DataError: If no image can be scored, or one can't be read and `on_error` is None.
    """
    measure = PROTOCOLS[protocol]
    annotated = annotated_batches(localizer, images, truth, max_images=max_images, on_error=on_error)
    contenders = _contenders(localizer, rules, measure)
    used = choose_side(images, truth, max_images) if side is None else side
    contenders += _trivial(localizer, used, f"{'oracle ' if side is None else ''}side {used:.2f}", measure)
    session = Session(localizer, contenders, memory=memory, on_score_map=on_score_map)
    for batch, truths in annotated:
        session.add(batch, truths)
        if progress is not None:
            progress(len(batch))
    if not session.small:
        raise DataError(f"{images.name}: no image could be scored; none is readable and has a box")
    return session


def annotated_batches(
    localizer: Localizer,
    images: LabelledImages,
    truth: GroundTruth,
    *,
    max_images: int = 0,
    on_error: OnError | None = None,
) -> Iterator[tuple[list[Photograph], list[Truth]]]:
    """Batches of photographs with a usable annotation, each with its class in the model, and their truth.

    Raises:
        ModelError: If the model lacks a class.
        DataError: If an image can't be read and `on_error` is None.
    """
    labels = _labels(localizer, images)
    chosen = [i for i in range(len(images)) if images.image_id(i) in truth]
    chosen = [chosen[i] for i in spaced(len(chosen), max_images)]
    truths: dict[str, Truth] = {}
    photographs = _read(images, truth, chosen, labels, truths=truths, on_error=on_error)
    size = localizer.config.localize.batch_size
    return ((batch, [truths.pop(p.image_id) for p in batch]) for batch in batches(photographs, size))


def _contenders(localizer: Localizer, rules: Rules, measure: EvaluationProtocol) -> list[Contender]:
    return [
        Contender(
            localizer.task(method),
            {name: parse_rule(rule) for name, rule in own.items()},
            Record(measure),
        )
        for method, own in rules.items()
        if method not in TRIVIAL_METHODS
    ]


def _trivial(localizer: Localizer, side: float, name: str, measure: EvaluationProtocol) -> list[Contender]:
    """The trivial boxes, thresholded half-way, where the edge of a resized box lies."""
    half = parse_rule("fixed:0.5")
    return [
        Contender(localizer.task("max_box"), {"whole image": half}, Record(measure)),
        Contender(localizer.task("center_box", side=side), {name: half}, Record(measure)),
    ]


def _labels(localizer: Localizer, images: LabelledImages) -> dict[int, int]:
    """The model's class index for each of the data set's."""
    known = {name: index for index, name in enumerate(localizer.class_names)}
    if missing := [name for name in images.class_names if name not in known]:
        raise ModelError(
            f"{images.name}: the model doesn't know the class {missing[0]!r}; "
            f"it was trained on {', '.join(localizer.class_names[:8])}"
            f"{', ...' if len(known) > 8 else ''}. Measure its own classes alone, with the data.options that "
            "it was trained with (config.toml in its folder)"
        )
    return {index: known[name] for index, name in enumerate(images.class_names)}


def _read(
    images: LabelledImages,
    truth: GroundTruth,
    chosen: Sequence[int],
    labels: dict[int, int],
    *,
    truths: dict[str, Truth],
    on_error: OnError | None,
) -> Iterator[Photograph]:
    """Read photographs and, into `truths`, their annotations; what can't be read is reported and skipped."""
    for index in chosen:
        image_id = images.image_id(index)
        try:
            image = images.read(index)
            truths[image_id] = _fitting(truth[image_id], image, image_id)
        except DataError as error:
            if on_error is None:
                raise
            on_error(image_id, error)
        else:
            yield Photograph(image_id, image, labels[images.label(index)])


def _fitting(truth: Truth, image: Image, image_id: str) -> Truth:
    for mask in (truth.mask, truth.ignore):
        if mask is not None and mask.shape != image.shape[:2]:
            size, expected = (f"{width}x{height}" for height, width in (mask.shape, image.shape[:2]))
            raise DataError(f"{image_id}: its mask has {size} pixels, the image {expected}; remake the mask")
    return truth
