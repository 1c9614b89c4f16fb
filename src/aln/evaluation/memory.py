"""How much the process grows while something runs.

Linux keeps the largest resident size that a process had (`VmHWM`), and lets it forget (`clear_refs`). What
the allocator still holds from earlier work is given back first, or it would be used again and not be seen. So
the figure is the memory that comes on top of what the process holds at the start: tensors, arrays, workspaces
of the libraries. It can't see what fits into gaps between earlier allocations. On a CUDA device it is what
torch allocates there instead, and nothing of the host.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import torch

T = TypeVar("T")

STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
FORGET_PEAK = "5"


def peak_growth(work: Callable[[], T], device: str = "cpu") -> tuple[T, float | None]:
    """What `work` gives, and by how many MiB memory grew at most meanwhile; None where nothing tells.

    `device` is the kind of device that the work runs on, as torch names it.
    """
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
        allocated = torch.cuda.memory_allocated()
        return work(), (torch.cuda.max_memory_allocated() - allocated) / 2**20
    before = _start() if device == "cpu" else None
    result = work()
    peak = None if before is None else _kibibytes("VmHWM")
    return result, None if before is None or peak is None else max(0, peak - before) / 1024


def _start() -> int | None:
    """Resident KiB after giving back what is free; the largest size is counted from here on."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
    try:
        CLEAR.write_text(FORGET_PEAK)
    except OSError:
        return None
    return _kibibytes("VmRSS")


def _kibibytes(name: str) -> int | None:
    try:
        lines = STATUS.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith(f"{name}:")), None)
