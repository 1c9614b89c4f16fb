"""Settings: pydantic models, presets, TOML, and `key=value` overrides. Needs no torch."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from aln.errors import ConfigError

Positive = Annotated[int, Field(ge=1)]
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
NonNegative = Annotated[float, Field(ge=0.0)]
Widths = Annotated[tuple[Positive, ...], Field(min_length=1)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class DataConfig(_Section):
    """Where the photographs are and how to read them."""

    path: str = ""
    format: str = "auto"
    options: dict[str, str | int | float | bool] = {}


class SuperpixelConfig(_Section):
    """Superpixels of the network's input image (poster: SLIC, about 64 per 64×64 image)."""

    algorithm: str = "slic"
    count: Positive = 64
    compactness: Annotated[float, Field(gt=0)] | None = None


class ModelConfig(_Section):
    """Shapes of the two networks. `input_size` must be a multiple of 16.

    With `corruption_reads_classifier` the corruption net sees the classifier's features beside the image.
    """

    input_size: Annotated[int, Field(ge=32, le=512, multiple_of=16)] = 64
    classifier_widths: Widths = (32, 64, 128, 256)
    classifier_pools: tuple[bool, ...] = (True, True, True, False)
    classifier_norm: Literal["batch", "group"] = "batch"
    corruption_widths: Widths = (16, 32, 64, 64, 64)
    corruption_bottleneck: Positive = 128
    corruption_reads_classifier: bool = True

    @model_validator(mode="after")
    def _depths_fit(self) -> ModelConfig:
        if len(self.classifier_pools) != len(self.classifier_widths):
            raise ValueError("classifier_pools needs one entry for each of classifier_widths")
        depth = max(sum(self.classifier_pools), len(self.corruption_widths) - 1)
        if self.input_size % 2**depth:
            raise ValueError(f"input_size {self.input_size} must be a multiple of {2**depth} for this depth")
        return self


class BalanceConfig(_Section):
    """The controller that keeps the two networks even (poster: "balance").

    The target accuracy on corrupted images lies between chance (the largest class's share) and the clean one:
    `chance + target_fraction * (clean - chance)`. `steer` says what moves λ, within `area_weight_min` and
    `area_weight_max`: the accuracy (poster) or the distance of the mean masked area from `target_area`; or
    nothing, and it stays `area_weight`. `relative` counts λ in units of the classifier's mean probability of
    the true class on whole images, so that one λ suits few and many classes.
    """

    target_fraction: Fraction = 0.8
    gate: bool = True
    steer: Literal["accuracy", "area", "none"] = "none"
    target_area: Fraction = 0.25
    area_weight: NonNegative = 3.5
    relative: bool = True
    area_power: Literal[1, 2] = 2
    area_weight_min: NonNegative = 1e-3
    area_weight_max: NonNegative = 1e3
    rate: Fraction = 0.01
    momentum: Fraction = 0.9

    @model_validator(mode="after")
    def _bounds_leave_room(self) -> BalanceConfig:
        low, high = self.area_weight_min, self.area_weight_max
        if low > high:
            raise ValueError(f"area_weight_min {low:g} must not be above area_weight_max {high:g}")
        return self


class TrainingConfig(_Section):
    """How the two networks are trained: `warmup_epochs` of the classifier alone, `epochs` of both,
    `fine_tuning_epochs` of the classifier alone again, now on whole images, and `self_training_epochs` in
    which the corruption net learns its own masks again.

    `warm_start` is the folder of a model with the same classes and classifier, to begin with that one's.
    Against the corruption net only `trainable_layers` of the classifier train, counted from the output end:
    1 is the linear head, 2 the head and the last convolution; 0 freezes it, -1 trains all of it.

    In the warm-up each image loses a random share of its superpixels, drawn evenly from
    -`warmup_occlusion`/2 to `warmup_occlusion`, so that a third stay whole. Learning rates are peaks; each
    phase ends at a tenth of its own (cosine). `clean_weight` is the share of the classification loss that
    comes from clean images, 0..1. `freeze_statistics` keeps the classifier's batch statistics as the warm-up
    left them. `max_images` cuts the data set short (0: all of it). An epoch is one pass over the
    photographs, or, of a small data set, as many as fit into `epoch_images`.
    `variant` names what is trained: `aln`, the `classifier` alone (its warm-up), or one of its peers
    (docs/algorithm.md), whose own settings are `variant_options`.
    """

    variant: str = "aln"
    variant_options: dict[str, float] = {}
    warm_start: str = ""
    trainable_layers: Annotated[int, Field(ge=-1)] = -1
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    batch_size: Positive = 64
    warmup_epochs: Annotated[int, Field(ge=0)] = 16
    epochs: Positive = 4
    fine_tuning_epochs: Annotated[int, Field(ge=0)] = 0
    self_training_epochs: Annotated[int, Field(ge=0)] = 2
    warmup_occlusion: Fraction = 0.8
    warmup_lr: Annotated[float, Field(gt=0)] = 2e-3
    classifier_lr: Annotated[float, Field(gt=0)] = 5e-4
    corruption_lr: Annotated[float, Field(gt=0)] = 2e-3
    fine_tuning_lr: Annotated[float, Field(gt=0)] = 1e-3
    weight_decay: NonNegative = 1e-2
    estimator: str = "concrete"
    masks_per_image: Positive = 1
    objective: str = "probability"
    preserve_weight: NonNegative = 1.0
    temperature: Annotated[float, Field(gt=0)] = 1.0
    clean_weight: Fraction = 0.5
    freeze_statistics: bool = True
    flip: bool = True
    shift: Annotated[int, Field(ge=0)] = 4
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    device: str = "auto"
    threads: Annotated[int, Field(ge=0)] = 0
    max_images: Annotated[int, Field(ge=0)] = 0
    epoch_images: Annotated[int, Field(ge=0)] = 4000

    @property
    def epochs_after_warmup(self) -> int:
        """Epochs of ALN's other phases together; its peers train for as many."""
        return self.epochs + self.fine_tuning_epochs + self.self_training_epochs


class LocalizeConfig(_Section):
    """How a score map becomes a mask and boxes."""

    method: str = "aln"
    rule: str = "moments"
    boxes: Literal["largest", "all"] = "largest"
    min_area: Fraction = 0.005
    batch_size: Positive = 64


class Config(_Section):
    """Everything that a run needs, saved as `config.toml` in the run folder."""

    preset: str = "default"
    data: DataConfig = DataConfig()
    superpixels: SuperpixelConfig = SuperpixelConfig()
    model: ModelConfig = ModelConfig()
    training: TrainingConfig = TrainingConfig()
    balance: BalanceConfig = BalanceConfig()
    localize: LocalizeConfig = LocalizeConfig()


def preset_names() -> tuple[str, ...]:
    """Names of the presets shipped with the package."""
    folder = resources.files("aln") / "presets"
    return tuple(sorted(Path(str(f)).stem for f in folder.iterdir() if str(f).endswith(".toml")))


def load_config(
    preset: str = "default", overrides: Iterable[str] = (), *, settings: Mapping[str, Any] | None = None
) -> Config:
    """Preset, then `settings` (nested), then `section.key=value` strings; the last wins.

    Raises:
        ConfigError: For an unknown preset or key (with the nearest valid name) or a bad value.
    """
    if preset not in preset_names():
        raise ConfigError(_unknown("preset", preset, preset_names()))
    text = (resources.files("aln") / "presets" / f"{preset}.toml").read_text(encoding="utf-8")
    tree = tomllib.loads(text)
    tree["preset"] = preset
    _merge(tree, settings or {})
    for override in overrides:
        _merge(tree, _parsed(override))
    if tree["preset"] != preset:
        raise ConfigError("the preset is chosen before its settings are changed: --preset NAME, not --set")
    return validated(tree, source=f"preset {preset!r}")


def read_config(path: Path) -> Config:
    """Read a `config.toml`.

    Raises:
        ConfigError: If the file is missing, is no TOML, or holds an unknown key or bad value; names the file.
    """
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: can't be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: is not valid TOML ({error})") from error
    return validated(tree, source=str(path))


def write_config(config: Config, path: Path) -> None:
    """Write `config` as TOML; `read_config` gives back an equal one."""
    path.write_text(tomli_w.dumps(config.model_dump(exclude_none=True)), encoding="utf-8")


def validated(tree: Mapping[str, Any], *, source: str) -> Config:
    """A `Config` from a nested mapping.

    Raises:
        ConfigError: One line for each fault, with its key, what is wrong, and the nearest valid name.
    """
    try:
        return Config.model_validate(tree)
    except ValidationError as error:
        lines = [_explained(fault["loc"], fault["type"], fault["msg"]) for fault in error.errors()]
        raise ConfigError(f"{source}: " + "; ".join(lines)) from error


def changed(localize: LocalizeConfig, settings: Mapping[str, Any]) -> LocalizeConfig:
    """`localize` with some of its settings changed.

    Raises:
        ConfigError: As `validated` does.
    """
    return validated({"localize": {**localize.model_dump(), **settings}}, source="settings").localize


def _explained(loc: tuple[int | str, ...], kind: str, message: str) -> str:
    key = ".".join(str(part) for part in loc)
    if kind == "extra_forbidden":
        section: Any = Config
        for part in loc[:-1]:
            section = section.model_fields[str(part)].annotation
        return _unknown("setting", key, section.model_fields, shown=str(loc[-1]))
    return f"{key}: {message.removeprefix('Value error, ')}" if key else message


def _unknown(kind: str, name: str, choices: Iterable[str], *, shown: str | None = None) -> str:
    near = get_close_matches(shown or name, list(choices), n=1, cutoff=0.5)
    hint = f", did you mean {near[0]!r}?" if near else "."
    return f"no {kind} called {name!r}{hint} Valid names: {', '.join(choices)}"


def _parsed(override: str) -> dict[str, Any]:
    """`a.b=value` as {"a": {"b": value}}; the value is TOML, or a plain string where it is no TOML."""
    key, equals, text = override.partition("=")
    if not equals or not key.strip():
        raise ConfigError(f"{override!r} is not of the form section.key=value, e.g. training.epochs=5")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text.strip()
    for part in reversed(key.strip().split(".")):
        value = {part: value}
    return dict(value)


def _merge(tree: dict[str, Any], other: Mapping[str, Any]) -> None:
    for key, value in other.items():
        if isinstance(value, Mapping) and isinstance(tree.get(key), dict):
            _merge(tree[key], value)
        else:
            tree[key] = dict(value) if isinstance(value, Mapping) else value
