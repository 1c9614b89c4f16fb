"""The machine: device, precision, threads."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from aln.config import TrainingConfig
from aln.errors import ConfigError
from aln.training.runtime import choose_runtime


@pytest.fixture(autouse=True)
def _threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def _chosen(**settings: object) -> tuple[str, bool]:
    runtime = choose_runtime(TrainingConfig.model_validate(settings))
    return runtime.device.type, runtime.bf16


@pytest.mark.parametrize(
    ("has_gpu", "device", "expected"),
    [(False, "auto", "cpu"), (False, "cpu", "cpu"), (True, "auto", "cuda"), (True, "cpu", "cpu")],
)
def test_device(monkeypatch: pytest.MonkeyPatch, has_gpu: bool, device: str, expected: str) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: has_gpu)
    assert _chosen(device=device, precision="fp32") == (expected, False)


def test_a_device_that_is_not_there() -> None:
    with pytest.raises(ConfigError, match=r"training\.device 'cuda:97' can't be used here .*try 'auto'"):
        choose_runtime(TrainingConfig(device="cuda:97"))


@pytest.mark.parametrize(
    ("chip", "precision", "bf16"),
    [(True, "auto", True), (False, "auto", False), (False, "bf16", True), (True, "fp32", False)],
)
def test_precision(monkeypatch: pytest.MonkeyPatch, chip: bool, precision: str, bf16: bool) -> None:
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: chip, raising=False)
    assert _chosen(device="cpu", precision=precision) == ("cpu", bf16)


@pytest.mark.parametrize(
    ("capabilities", "hip", "device", "expected"),
    [
        ([(7, 0)], None, "cuda", False),  # V100
        ([(7, 5)], None, "cuda", False),  # T4, RTX 20xx
        ([(8, 0)], None, "cuda", True),  # A100
        ([(9, 0)], None, "cuda", True),
        ([(8, 6), (7, 5)], None, "cuda:1", False),  # the second of two different ones
        ([(7, 5), (8, 6)], None, "cuda:1", True),
        ([(7, 5)], "6.2", "cuda", True),  # AMD
    ],
)
def test_precision_on_a_gpu(
    monkeypatch: pytest.MonkeyPatch,
    capabilities: list[tuple[int, int]],
    hip: str | None,
    device: str,
    expected: bool,
) -> None:
    """PyTorch itself counts emulated bfloat16 as supported."""
    monkeypatch.setattr(torch.version, "hip", hip)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda *_: True)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda at: capabilities[at.index or 0])
    monkeypatch.setattr("aln.training.runtime.choose_device", lambda name, _: torch.device(name))
    assert _chosen(device=device) == ("cuda", expected)


@pytest.mark.parametrize("precision", ["bf16", "fp32"])
def test_a_model_tells_how_it_was_computed(precision: str) -> None:
    runtime = choose_runtime(TrainingConfig.model_validate({"device": "cpu", "precision": precision}))
    assert runtime.provenance() == {"device": "cpu", "precision": precision, "torch": torch.__version__}


@pytest.mark.parametrize(("precision", "dtype"), [("bf16", torch.bfloat16), ("fp32", torch.float32)])
def test_autocast(precision: str, dtype: torch.dtype) -> None:
    runtime = choose_runtime(TrainingConfig.model_validate({"device": "cpu", "precision": precision}))
    layer = torch.nn.Linear(2, 2)
    with runtime.autocast():
        assert layer(torch.ones(1, 2)).dtype == dtype
    assert layer(torch.ones(1, 2)).dtype == layer.weight.dtype == torch.float32


@pytest.mark.parametrize(("threads", "expected"), [(1, 1), (3, 3), (0, 2)])
def test_threads(threads: int, expected: int) -> None:
    torch.set_num_threads(2)
    choose_runtime(TrainingConfig(device="cpu", threads=threads))
    assert torch.get_num_threads() == expected
