"""Where the networks run."""

from __future__ import annotations

import torch

from aln.errors import ConfigError


def choose_device(name: str | torch.device, setting: str = "device") -> torch.device:
    """The device that `name` says; "auto" is the GPU where there is one (`cuda`), else the processor.

    Raises:
        ConfigError: For a device that this machine lacks; names `setting`.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.zeros(1, device=device).tolist()
    except (RuntimeError, AssertionError, ImportError) as error:  # what torch raises depends on the device
        reason = str(error).splitlines()[0]
        raise ConfigError(
            f"{setting} {str(name)!r} can't be used here ({reason}); try 'auto' or 'cpu'"
        ) from error
    return device
