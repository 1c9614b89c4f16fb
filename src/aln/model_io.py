"""A trained model as one folder.

    model.safetensors   the weights of all networks, `classifier.`, `corruption.` ... before their names
    config.toml         every setting of the run
    model.json          format version, class names, preprocessing, checksum of the weights, provenance

Loading never runs code from the folder: no pickle.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import safetensors.torch
import tomli_w
import torch
from pydantic import BaseModel, Field, ValidationError
from safetensors import SafetensorError
from torch import Tensor, nn

from aln.config import Config, Positive, read_config
from aln.errors import DataError, ModelError
from aln.files import write_atomic
from aln.models.classifier import Classifier
from aln.models.corruption import CorruptionNet
from aln.models.device import choose_device
from aln.models.extras import EXTRAS
from aln.models.networks import Networks
from aln.models.preprocessing import Preprocessing

FORMAT = 2
"""Goes up when an older `aln` could no longer read the folder, or this one no older folder."""

WEIGHTS, CONFIG, MANIFEST = "model.safetensors", "config.toml", "model.json"

Provenance = Mapping[str, Any]
"""JSON-ready facts about how the model came to be: seed, data and its fingerprint, training, scores."""

_Mean = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
_Std = Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]


class _Manifest(BaseModel):
    """What `model.json` holds."""

    format: int = FORMAT
    class_names: Annotated[tuple[str, ...], Field(min_length=1)]
    networks: tuple[str, ...]
    input_size: Positive
    mean: tuple[_Mean, _Mean, _Mean]
    std: tuple[_Std, _Std, _Std]
    weights_sha256: str
    provenance: dict[str, Any]


@dataclass(frozen=True, eq=False)
class SavedModel:
    """What a model folder holds, ready to use."""

    networks: Networks
    class_names: tuple[str, ...]
    config: Config
    provenance: Provenance


def save_model(
    folder: Path, networks: Networks, class_names: tuple[str, ...], config: Config, provenance: Provenance
) -> None:
    """Write a model folder; files that are there already are replaced one by one, each as a whole.

    `provenance` gets the version of `aln` added as `aln_version` where it has none.

    Raises:
        ModelError: If the folder can't be written.
    """
    weights = safetensors.torch.save(_state(networks))
    preprocessing = networks.preprocessing
    manifest = _Manifest(
        class_names=class_names,
        networks=tuple(networks.by_name()),
        input_size=preprocessing.input_size,
        mean=preprocessing.mean,
        std=preprocessing.std,
        weights_sha256=hashlib.sha256(weights).hexdigest(),
        provenance={"aln_version": version("aln"), **provenance},
    )
    try:
        write_atomic(folder / WEIGHTS, weights)
        write_atomic(folder / CONFIG, tomli_w.dumps(config.model_dump(exclude_none=True)).encode())
        write_atomic(folder / MANIFEST, _as_json(manifest))
    except OSError as error:
        raise ModelError(f"{folder}: the model can't be written there ({error.strerror})") from error


def load_model(folder: Path, device: str | torch.device = "cpu") -> SavedModel:
    """Read a model folder; the networks come in eval mode, channels-last in memory, on `device`.

    Raises:
        ModelError: If the folder is no model, was made by a newer `aln`, or a file in it is missing,
            incomplete or changed; names the file.
        ConfigError: If its `config.toml` can't be used (names the file), or this machine lacks `device`.
    """
    manifest = _read_manifest(folder)
    config = read_config(folder / CONFIG)
    if manifest.input_size != config.model.input_size:
        raise ModelError(
            f"{folder / MANIFEST}: input_size is {manifest.input_size}, but {config.model.input_size} in "
            f"{CONFIG}; the files belong to different models"
        )
    place = choose_device(device)
    weights = _read_weights(folder / WEIGHTS, manifest.weights_sha256)
    with torch.device("meta"):  # the weights are assigned, so there is nothing to initialise
        nets: dict[str, nn.Module] = {"classifier": Classifier(len(manifest.class_names), config.model)}
        if "corruption" in manifest.networks:
            nets["corruption"] = CorruptionNet(config.model)
        for name in _extras(manifest, folder):
            nets[name] = EXTRAS[name](len(manifest.class_names), config.model)
    _assign(nets, weights, folder / WEIGHTS)
    for net in nets.values():
        net.to(device=place, memory_format=torch.channels_last)  # type: ignore[call-overload]
        net.eval()
    preprocessing = Preprocessing(manifest.input_size, manifest.mean, manifest.std)
    extras = {name: net for name, net in nets.items() if name in EXTRAS}
    networks = Networks(nets["classifier"], nets.get("corruption"), preprocessing, config.superpixels, extras)  # type: ignore[arg-type]
    return SavedModel(networks, manifest.class_names, config, manifest.provenance)


def fingerprint(folder: Path) -> str:
    """Hex digest over the weights of a model folder, or over all of an exported file.

    Raises:
        ModelError: If the folder is no model.
    """
    if folder.is_file():
        return hashlib.sha256(folder.read_bytes()).hexdigest()
    return _read_manifest(folder).weights_sha256


def read_provenance(folder: Path) -> Provenance:
    """How a model was made, as `save_model` was told.

    Raises:
        ModelError: If the folder is no model.
    """
    return _read_manifest(folder).provenance


def check_photographs(folders: Iterable[Path], data_fingerprint: str, way_out: str) -> None:
    """See that models that are there were trained on these photographs.

    Raises:
        DataError: If one was trained on others.
    """
    for folder in folders:
        there = (folder / MANIFEST).exists()
        if there and read_provenance(folder).get("data_fingerprint") != data_fingerprint:
            raise DataError(f"{folder}: was trained on other photographs; {way_out}")


def record_scores(folder: Path, scores: Sequence[Mapping[str, Any]], *, key: Sequence[str]) -> None:
    """Keep measured figures in a model folder, under `scores` of its provenance.

    Args:
        folder: Model folder.
        scores: JSON-ready rows.
        key: The fields that say what was measured; an earlier row that has the same there is replaced.

    Raises:
        ModelError: If the folder is no model or can't be written.
    """
    manifest = _read_manifest(folder)
    rows = {tuple(row.get(k) for k in key): row for row in [*manifest.provenance.get("scores", []), *scores]}
    manifest.provenance["scores"] = list(rows.values())
    try:
        write_atomic(folder / MANIFEST, _as_json(manifest))
    except OSError as error:
        raise ModelError(f"{folder}: scores can't be written there ({error.strerror})") from error


def _as_json(manifest: _Manifest) -> bytes:
    return (json.dumps(manifest.model_dump(), indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _state(networks: Networks) -> dict[str, Tensor]:
    return {
        f"{prefix}.{name}": tensor.detach().cpu().contiguous()
        for prefix, net in networks.by_name().items()
        for name, tensor in net.state_dict().items()
    }


def _extras(manifest: _Manifest, folder: Path) -> list[str]:
    """The networks of a model beside classifier and corruption net."""
    extras = [name for name in manifest.networks if name not in ("classifier", "corruption")]
    if unknown := [name for name in extras if name not in EXTRAS]:
        raise ModelError(
            f"{folder / MANIFEST}: holds a network {unknown[0]!r}, which this aln doesn't know; "
            "install a newer aln"
        )
    return extras


def _read_manifest(folder: Path) -> _Manifest:
    path = folder / MANIFEST
    try:
        tree = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ModelError(
            f"{folder}: is no trained model ({MANIFEST} is missing); name the folder given to "
            "`aln train --out`, and finish an interrupted run with --resume"
        ) from error
    except OSError as error:
        raise ModelError(f"{path}: can't be read ({error.strerror})") from error
    except ValueError as error:
        raise ModelError(f"{path}: is not valid JSON ({error}); restore the file or train again") from error
    found = tree.get("format") if isinstance(tree, dict) else None
    if isinstance(found, int) and found > FORMAT:
        raise ModelError(f"{path}: has format {found}, this aln reads up to {FORMAT}; install a newer aln")
    if isinstance(found, int) and found < FORMAT:
        raise ModelError(f"{path}: was made by an older aln; train again")
    try:
        return _Manifest.model_validate(tree)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, f['loc']))}: {f['msg']}" for f in error.errors())
        raise ModelError(f"{path}: is no model description ({faults})") from error


def _read_weights(path: Path, sha256: str) -> dict[str, Tensor]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: can't be read ({error.strerror}); restore it or train again") from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise ModelError(
            f"{path}: is truncated or was changed (its checksum isn't the one in {MANIFEST}); "
            "restore it or train again"
        )
    try:
        return safetensors.torch.load(data)
    except SafetensorError as error:
        raise ModelError(f"{path}: is no safetensors file ({error}); restore it or train again") from error


def _assign(nets: Mapping[str, nn.Module], weights: Mapping[str, Tensor], path: Path) -> None:
    expected = {f"{prefix}.{name}": t for prefix, net in nets.items() for name, t in net.state_dict().items()}
    if odd := sorted(expected.keys() ^ weights.keys()):
        raise ModelError(f"{path}: doesn't fit {CONFIG}; missing or superfluous: {', '.join(odd[:3])}")
    for name, tensor in weights.items():
        if (tensor.shape, tensor.dtype) != (expected[name].shape, expected[name].dtype):
            raise ModelError(
                f"{path}: {name} is {tensor.dtype} {tuple(tensor.shape)}, but {CONFIG} and the class names "
                f"in {MANIFEST} ask for {expected[name].dtype} {tuple(expected[name].shape)}"
            )
        if not tensor.isfinite().all():
            raise ModelError(f"{path}: {name} holds values that are not finite; train again")
    for prefix, net in nets.items():
        own = {n.removeprefix(f"{prefix}."): t for n, t in weights.items() if n.startswith(f"{prefix}.")}
        net.load_state_dict(own, assign=True)
