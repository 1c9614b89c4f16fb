"""Beginning with a classifier that another run trained."""

from __future__ import annotations

from pathlib import Path

from aln.config import Config, ModelConfig
from aln.errors import ModelError
from aln.model_io import SavedModel, load_model
from aln.models.classifier import Classifier

SHAPE = ("input_size", "classifier_widths", "classifier_pools", "classifier_norm")
"""Settings of `ModelConfig` that two classifiers must share."""


def read_warm_start(config: Config) -> SavedModel | None:
    """The model in the folder `training.warm_start`, or None where the setting is empty.

    Raises:
        ModelError: If the folder is no model, or its classifier is built in another way.
    """
    if not config.training.warm_start:
        return None
    folder = Path(config.training.warm_start)
    saved = load_model(folder)
    if _shape(saved.config.model) != _shape(config.model):
        raise ModelError(
            f"{folder}: its classifier is built in another way; training.warm_start needs one with the same "
            + ", ".join(f"model.{name}" for name in SHAPE)
        )
    return saved


def begin_with(saved: SavedModel, classifier: Classifier, class_names: tuple[str, ...]) -> None:
    """Give `classifier` the weights and statistics of the saved one.

    Raises:
        ModelError: If that was trained on other classes.
    """
    if saved.class_names != class_names:
        raise ModelError(
            f"training.warm_start: that model knows the classes {_listed(saved.class_names)}, but the "
            f"photographs show {_listed(class_names)}; train without it"
        )
    classifier.load_state_dict(saved.networks.classifier.state_dict())


def _shape(model: ModelConfig) -> dict[str, object]:
    return model.model_dump(include=set(SHAPE))


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names[:4]) + (", ..." if len(names) > 4 else "")
