"""The machine: which device, which precision, how many threads."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch

from aln.config import TrainingConfig
from aln.models.device import choose_device


@dataclass(frozen=True)
class Runtime:
    """Where and how precisely the networks run.

    Attributes:
        device: CPU or an accelerator.
        bf16: Whether forward passes run in bfloat16 autocast; weights and losses stay float32.
    """

    device: torch.device
    bf16: bool

    def autocast(self) -> AbstractContextManager[object]:
        """Context for every forward pass."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16)

    def provenance(self) -> dict[str, str]:
        """What a model is to be told apart by, where "auto" leaves it to the machine."""
        precision = "bf16" if self.bf16 else "fp32"
        return {"device": self.device.type, "precision": precision, "torch": torch.__version__}


def choose_runtime(config: TrainingConfig) -> Runtime:
    """Resolve "auto" settings on this machine, and set the number of threads where one is given.

    Raises:
        ConfigError: For a device that this machine lacks.
    """
    if config.threads:
        torch.set_num_threads(config.threads)
    device = choose_device(config.device, "training.device")
    bf16 = _bf16_pays(device) if config.precision == "auto" else config.precision == "bf16"
    return Runtime(device, bf16)


def _bf16_pays(device: torch.device) -> bool:
    """Whether the chip multiplies bfloat16 in hardware; emulation would be slower than float32."""
    if device.type == "cuda":  # NVIDIA from Ampere on; AMD numbers its chips otherwise
        return torch.version.hip is not None or torch.cuda.get_device_capability(device) >= (8, 0)
    probe = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return bool(probe is not None and probe())
