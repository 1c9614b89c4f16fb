"""Freed memory stays with the process while networks train.

Every step allocates and frees the same large tensors. glibc gives blocks above 32 MiB back to the system at
once, and the system fills them with zeros again in the next step: up to a fifth of a step's time on one core
goes there. Other allocators and systems are left as they are.
"""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Iterator

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4
"""Parameters of glibc's mallopt(3)."""

NEVER = -1
DEFAULTS = {M_MMAP_MAX: 65536, M_TRIM_THRESHOLD: 128 * 1024}


@contextlib.contextmanager
def freed_memory_kept() -> Iterator[None]:
    """Blocks of any size come from the heap, which is not trimmed before the end of the context."""
    try:
        libc = ctypes.CDLL(None)
        set_option, trim = libc.mallopt, libc.malloc_trim
    except (OSError, TypeError, AttributeError):
        yield
        return
    set_option(M_MMAP_MAX, 0)
    set_option(M_TRIM_THRESHOLD, NEVER)
    try:
        yield
    finally:
        for option, value in DEFAULTS.items():
            set_option(option, value)
        trim(0)
