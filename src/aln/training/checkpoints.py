"""Checkpoints: everything that a run needs to go on as if it had never stopped.

Randomness is not in here: order, augmentation and noise follow from seed, epoch and step (see `batches`).
"""

from __future__ import annotations

import hashlib
import io
import pickle
from pathlib import Path
from typing import Any

import torch

from aln.errors import ModelError, TrainingError
from aln.files import write_atomic

CHECKPOINT = "checkpoint.ckpt"

_MAGIC = b"aln-checkpoint-4"
_DIGEST_SIZE = hashlib.sha256().digest_size


def save_checkpoint(folder: Path, state: dict[str, Any]) -> None:
    """Write `state` (tensors, numbers, strings, nested) atomically: magic, SHA-256, payload.

    Raises:
        TrainingError: If it can't be written; the checkpoint before it is still whole.
    """
    buffer = io.BytesIO()
    torch.save(state, buffer)
    payload = buffer.getvalue()
    try:
        write_atomic(folder / CHECKPOINT, _MAGIC + hashlib.sha256(payload).digest() + payload)
    except OSError as error:
        raise TrainingError(
            f"{folder / CHECKPOINT}: can't be written ({error.strerror}); the checkpoint before it is whole. "
            "Make room or choose another --out, then continue with --resume"
        ) from error


def load_checkpoint(folder: Path) -> dict[str, Any]:
    """Read a checkpoint; never runs code from the file.

    Raises:
        ModelError: If there is none, it is truncated, was changed, or holds more than numbers and text.
    """
    path = folder / CHECKPOINT
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"{path}: no checkpoint to resume from ({error.strerror}); train without --resume"
        ) from error
    start = len(_MAGIC) + _DIGEST_SIZE
    payload = data[start:]
    if not data.startswith(_MAGIC) or hashlib.sha256(payload).digest() != data[len(_MAGIC) : start]:
        raise ModelError(
            f"{path}: is truncated or was changed, or comes from another aln; train again with --overwrite"
        )
    try:
        state: dict[str, Any] = torch.load(io.BytesIO(payload), weights_only=True, map_location="cpu")
    except (pickle.UnpicklingError, RuntimeError, EOFError) as error:
        raise ModelError(
            f"{path}: was not written by aln and may hold code, so it was not loaded; "
            "train again with --overwrite"
        ) from error
    return state
