"""The ablations: a question, what would be expected, and the arms that answer it as changed settings."""

from __future__ import annotations

from dataclasses import dataclass

from aln.registry import Registry

ONE_A_PIXEL = 512 * 512
"""More superpixels than an input has pixels: the grid then gives every pixel one of its own."""

PIXELS = ("superpixels.algorithm='grid'", f"superpixels.count={ONE_A_PIXEL}")
"""Masks of single pixels."""


@dataclass(frozen=True)
class Arm:
    """One of the trainings that are compared: its name in tables, and what it changes in the recipe.

    An arm without changes is the recipe itself.
    """

    name: str
    settings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ablation:
    """A comparison of arms.

    Attributes:
        question: What it asks.
        claim: What the paper says, or what would be expected.
        arms: What is compared, in the order of the tables.
        preset: The only recipe whose settings the arms take away; "" where they change any.
    """

    question: str
    claim: str
    arms: tuple[Arm, ...]
    preset: str = ""


ABLATIONS: Registry[Ablation] = Registry("ablation")

ABLATIONS.add(
    "freeze",
    Ablation(
        "Must the classifier train along? Its layers stay trainable from the output end: 1 is the linear "
        "head, 2 the head and the last convolution, and so on.",
        "With a frozen classifier masks become artifacts, which fool their victim alone; the more layers "
        "train, the fewer (poster).",
        (
            *(Arm(f"{count} trainable", (f"training.trainable_layers={count}",)) for count in range(4)),
            Arm("all trainable", ("training.trainable_layers=-1",)),
        ),
    ),
)
ABLATIONS.add(
    "freeze_pixels",
    Ablation(
        "The same where artifacts have most room: masks of single pixels, learnt by the gradient of relaxed "
        "masks, which tells more than the poster's straight-through one.",
        "With a frozen classifier masks become artifacts, which fool their victim alone; the more layers "
        "train, the fewer (poster).",
        (
            Arm(
                "0 trainable, straight-through",
                (*PIXELS, "training.trainable_layers=0", "training.estimator='straight_through'"),
            ),
            *(
                Arm(
                    f"{name} trainable",
                    (*PIXELS, f"training.trainable_layers={count}", "training.estimator='concrete'"),
                )
                for name, count in (("0", 0), ("1", 1), ("all", -1))
            ),
        ),
    ),
)
ABLATIONS.add(
    "superpixels",
    Ablation(
        "Do superpixels help, and must they follow edges?",
        "Single pixels make artifacts easy; pieces that follow edges keep the object whole, a grid cuts it.",
        (
            Arm("pixels", PIXELS),
            Arm("8×8 grid", ("superpixels.algorithm='grid'", "superpixels.count=64")),
            Arm("SLIC", ("superpixels.algorithm='slic'", "superpixels.count=64")),
        ),
    ),
)
ABLATIONS.add(
    "sampling",
    Ablation(
        "Must masks be sampled in training?",
        "Where the probabilities themselves are the mask, a veil over everything confuses as well as a mask.",
        (Arm("sampled"), Arm("probabilities", ("training.estimator='expectation'",))),
    ),
)
ABLATIONS.add(
    "balance",
    Ablation(
        "Is the controller needed, which moves λ, and whose gate lets the classifier train only while it is "
        "behind?",
        "Without it one network runs ahead, and masks hide nearly nothing or nearly everything.",
        (
            Arm("λ and gate", ("balance.steer='accuracy'", "balance.gate=true")),
            Arm("gate alone", ("balance.steer='none'", "balance.gate=true")),
            Arm("off", ("balance.steer='none'", "balance.gate=false")),
        ),
    ),
)
ABLATIONS.add(
    "penalty",
    Ablation(
        "What must a masked pixel cost?",
        "Without a price masks grow over the image; a price that rises with the area keeps masks of all "
        "images alike.",
        (
            Arm("λ · area", ("balance.area_power=1",)),
            Arm("λ · area²", ("balance.area_power=2",)),
            Arm("none", ("balance.area_weight=0.0", "balance.area_weight_min=0.0")),
        ),
    ),
)
ABLATIONS.add(
    "ingredients",
    Ablation(
        "What do the ingredients of preset default give? One is taken away at a time, the poster's in its "
        "place.",
        "Each earns its place: without it boxes or masks are worse.",
        (
            Arm("the recipe"),
            Arm("straight-through masks", ("training.estimator='straight_through'",)),
            Arm("the poster's objective", ("training.objective='margin_argmax'",)),
            Arm("masked out alone", ("training.preserve_weight=0.0",)),
            Arm("no clean images", ("training.clean_weight=0.0", "training.freeze_statistics=false")),
            Arm(
                "the poster's balance",
                (
                    "balance.steer='accuracy'",
                    "balance.relative=false",
                    "balance.target_fraction=0.2",
                    "balance.area_weight=1.0",
                    "balance.area_power=1",
                    "balance.rate=0.02",
                ),
            ),
            Arm("reads no classifier", ("model.corruption_reads_classifier=false",)),
            Arm("clean warm-up", ("training.warmup_occlusion=0.0",)),
            Arm("no self-training, no evidence", ("training.self_training_epochs=0",)),
            Arm("no evidence", ("localize.method='aln_class_agnostic'",)),
            Arm("the poster's rule", ("localize.rule='paper'",)),
        ),
        preset="default",
    ),
)
