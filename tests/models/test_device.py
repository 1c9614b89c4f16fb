"""Which device a name means here."""

from __future__ import annotations

import pytest
import torch

from aln.errors import ConfigError
from aln.models.device import choose_device


@pytest.mark.parametrize(
    ("has_gpu", "name", "expected"),
    [(False, "auto", "cpu"), (True, "auto", "cuda"), (True, "cpu", "cpu"), (False, "cpu", "cpu")],
)
def test_auto_takes_a_gpu_where_there_is_one(
    monkeypatch: pytest.MonkeyPatch, has_gpu: bool, name: str, expected: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: has_gpu)
    assert choose_device(name) == torch.device(expected)


@pytest.mark.parametrize("name", ["abacus", "cpu:x", "cuda:97", "meta", "mps:9", "hpu:9"])
def test_a_device_that_is_not_there(name: str) -> None:
    with pytest.raises(ConfigError, match=rf"^the thing '{name}' can't be used here .*try 'auto' or 'cpu'$"):
        choose_device(name, "the thing")
