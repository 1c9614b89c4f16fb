from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
import safetensors.torch
import torch

from aln.errors import AlnError, ModelError
from aln.model_io import (
    CONFIG,
    FORMAT,
    MANIFEST,
    WEIGHTS,
    fingerprint,
    load_model,
    record_scores,
    save_model,
)
from tests.small_model import CLASS_NAMES, small_config, small_networks


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "rün 1"
    save_model(path, small_networks(), CLASS_NAMES, small_config(), {"seed": 7, "data": {"name": "shapes"}})
    return path


@pytest.mark.parametrize("corruption", [True, False], ids=["both", "classifier-alone"])
def test_a_saved_model_comes_back_the_same(tmp_path: Path, corruption: bool) -> None:
    networks = small_networks(corruption=corruption)
    save_model(tmp_path, networks, CLASS_NAMES, small_config(), {"seed": 7})
    random = torch.get_rng_state()
    saved = load_model(tmp_path)
    assert torch.equal(torch.get_rng_state(), random)
    assert saved.class_names == CLASS_NAMES
    assert saved.config == small_config()
    assert saved.provenance["seed"] == 7
    assert saved.provenance["aln_version"]
    assert saved.networks.preprocessing == networks.preprocessing
    assert saved.networks.superpixels == networks.superpixels
    pairs = [
        (networks.classifier, saved.networks.classifier),
        (networks.corruption, saved.networks.corruption),
    ]
    for net, other in pairs:
        if net is None:
            assert other is None
            continue
        assert other is not None
        assert not other.training
        assert all(parameter.requires_grad for parameter in other.parameters())
        for name, tensor in net.state_dict().items():
            assert torch.equal(other.state_dict()[name], tensor), name


def test_saving_over_a_model_leaves_nothing_else(folder: Path) -> None:
    save_model(folder, small_networks(1), CLASS_NAMES, small_config(), {})
    assert {path.name for path in folder.iterdir()} == {WEIGHTS, CONFIG, MANIFEST}
    expected = small_networks(1).classifier.head.weight
    assert torch.equal(load_model(folder).networks.classifier.head.weight, expected)


def test_the_fingerprint_tells_models_apart(folder: Path, tmp_path: Path) -> None:
    save_model(tmp_path / "same", small_networks(), CLASS_NAMES, small_config(), {"seed": 8})
    save_model(tmp_path / "other", small_networks(1), CLASS_NAMES, small_config(), {"seed": 7})
    assert fingerprint(folder) == fingerprint(tmp_path / "same")
    assert fingerprint(folder) != fingerprint(tmp_path / "other")


def test_recorded_scores_replace_those_of_the_same_key(folder: Path) -> None:
    record_scores(folder, [{"metric": "a", "value": 1.0}, {"metric": "b", "value": 2.0}], key=["metric"])
    record_scores(folder, [{"metric": "a", "value": 3.0}], key=["metric"])
    saved = load_model(folder)
    assert saved.provenance["scores"] == [{"metric": "a", "value": 3.0}, {"metric": "b", "value": 2.0}]
    assert saved.provenance["seed"] == 7


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ModelError, match="can't be written"):
        save_model(tmp_path / "file", small_networks(), CLASS_NAMES, small_config(), {})


@pytest.mark.parametrize("path", ["nowhere", "file", "empty"])
def test_what_is_no_model_says_so(tmp_path: Path, path: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match=f"{path}: is no trained model .*aln train"):
        load_model(tmp_path / path)


def edit(**changes: object) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        path = folder / MANIFEST
        path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))

    return apply


def reweigh(**changes: torch.Tensor) -> Callable[[Path], None]:
    """Weights changed by someone who mends the checksum too."""

    def apply(folder: Path) -> None:
        path = folder / WEIGHTS
        weights = safetensors.torch.load(path.read_bytes())
        weights.update({name.replace("__", "."): tensor for name, tensor in changes.items()})
        path.write_bytes(safetensors.torch.save(weights))
        edit(weights_sha256=sha256(path.read_bytes()).hexdigest())(folder)

    return apply


def replace(name: str, content: bytes) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        (folder / name).write_bytes(content)

    return apply


def no_safetensors(folder: Path) -> None:
    (folder / WEIGHTS).write_bytes(b"\xff" * 64)
    edit(weights_sha256=sha256(b"\xff" * 64).hexdigest())(folder)


def flip_a_bit(folder: Path) -> None:
    data = bytearray((folder / WEIGHTS).read_bytes())
    data[-5] ^= 1
    (folder / WEIGHTS).write_bytes(data)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        pytest.param(lambda f: (f / WEIGHTS).unlink(), "model.safetensors: can't be read", id="no-weights"),
        pytest.param(lambda f: os.truncate(f / WEIGHTS, 500), "truncated or was changed", id="truncated"),
        pytest.param(lambda f: os.truncate(f / WEIGHTS, 0), "truncated or was changed", id="zero-bytes"),
        pytest.param(flip_a_bit, "truncated or was changed", id="one-bit-flipped"),
        pytest.param(no_safetensors, "is no safetensors file", id="no-safetensors"),
        pytest.param(
            reweigh(classifier__head__bias=torch.full((3,), torch.nan)),
            "classifier.head.bias holds values that are not finite",
            id="not-finite",
        ),
        pytest.param(reweigh(classifier__head__bias=torch.zeros(4)), "class names", id="wrong-shape"),
        pytest.param(
            reweigh(classifier__head__bias=torch.zeros(3, dtype=torch.float64)), "float64", id="wrong-type"
        ),
        pytest.param(reweigh(evil=torch.zeros(1)), "missing or superfluous: evil", id="superfluous"),
        pytest.param(edit(networks=["classifier"]), "missing or superfluous: box_head", id="one-net"),
        pytest.param(edit(class_names=["ant", "bee"]), "class names in model.json ask for", id="class-count"),
        pytest.param(edit(class_names=[]), "class_names", id="no-classes"),
        pytest.param(edit(format=FORMAT + 1), "install a newer aln", id="newer"),
        pytest.param(edit(format=FORMAT - 1), "made by an older aln; train again", id="older"),
        pytest.param(edit(std=[0.0, 1.0, 1.0]), "std.0", id="zero-std"),
        pytest.param(edit(input_size=64), "different models", id="other-size"),
        pytest.param(replace(MANIFEST, b"{"), "model.json: is not valid JSON", id="half-json"),
        pytest.param(replace(MANIFEST, b"[]"), "model.json: is no model description", id="other-json"),
        pytest.param(replace(MANIFEST, b"\xff\xfe"), "model.json: is not valid JSON", id="binary-json"),
        pytest.param(replace(CONFIG, b"preset = "), "config.toml: is not valid TOML", id="half-toml"),
        pytest.param(lambda f: (f / CONFIG).unlink(), "config.toml: can't be read", id="no-config"),
    ],
)
def test_damage_is_named(folder: Path, damage: Callable[[Path], None], message: str) -> None:
    damage(folder)
    with pytest.raises(AlnError, match=re.escape(message)) as caught:
        load_model(folder)
    assert str(folder) in str(caught.value)


def test_a_pickle_is_never_run(folder: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
            return os.mkdir, (str(folder / "run"),)

    torch.save({"weights": Evil()}, folder / WEIGHTS)
    edit(weights_sha256=sha256((folder / WEIGHTS).read_bytes()).hexdigest())(folder)
    with pytest.raises(ModelError, match="no safetensors"):
        load_model(folder)
    assert not (folder / "run").exists()


def test_a_crash_while_saving_is_noticed(folder: Path, tmp_path: Path) -> None:
    """New weights with the old description, as a power cut between the two renames leaves them."""
    save_model(tmp_path / "new", small_networks(1), CLASS_NAMES, small_config(), {})
    shutil.copy(tmp_path / "new" / WEIGHTS, folder / WEIGHTS)
    with pytest.raises(ModelError, match="changed"):
        load_model(folder)
