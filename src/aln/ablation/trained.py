"""A run that is trained when it is needed, continued where it was stopped, and left alone when it is done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import torch
from filelock import FileLock, Timeout
from rich.console import Console

from aln.ablation.plan import Run
from aln.config import Config, read_config
from aln.errors import AlnError, ConfigError, DivergedError
from aln.model_io import CONFIG, MANIFEST
from aln.training import train
from aln.training.stopped import keeping_the_reason, why_stopped


def complete(run: Run, log: Path | None, *, threads: int, cache_root: Path | None) -> str | None:
    """Do what is left of a training, with messages to a file or to the terminal.

    Returns:
        None, or why there is no model: masks collapsed or a loss was not finite, which is a result of an
        ablation and is kept in `stopped.txt`; or an error that may be gone next time.

    Raises:
        KeyboardInterrupt: On Ctrl-C, after saving a checkpoint.
    """
    torch.set_num_threads(threads)
    cv2.setNumThreads(threads)
    run.folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(run.folder.with_name(f"{run.folder.name}.lock"), timeout=0):
            if log is None:
                return _trained(run, Console(stderr=True), cache_root)
            with log.open("a", encoding="utf-8") as file:
                return _trained(run, Console(file=file, width=100), cache_root)
    except Timeout:
        return f"{run.folder}: another process is at it"
    except AlnError as error:
        return str(error)


def _trained(run: Run, console: Console, cache_root: Path | None) -> str | None:
    folder = run.folder
    started = (folder / CONFIG).exists()
    if started and _recipe(read_config(folder / CONFIG)) != _recipe(run.config):
        raise ConfigError(f"{folder}: was trained with other settings; remove it, or choose another --out")
    if (reason := why_stopped(folder)) is not None:
        return reason
    if (folder / MANIFEST).exists():
        return None
    try:
        with keeping_the_reason(folder):
            train(run.config, folder, resume=started, cache_root=cache_root, console=console)
    except DivergedError as error:
        return str(error)
    return None


def _recipe(config: Config) -> dict[str, Any]:
    """The settings that make a run what it is; what it reads, runs on and localizes with does not."""
    tree = config.model_dump(exclude={"data": {"path"}, "training": {"threads", "device", "warm_start"}})
    tree.pop("localize")
    return tree
