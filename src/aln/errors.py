"""The errors a user can cause, each with a message that names what is wrong and the way out."""

from __future__ import annotations


class AlnError(Exception):
    """Base of every error that `aln` raises on purpose; the CLI prints its message without a traceback."""


class ConfigError(AlnError):
    """A setting is unknown, malformed or out of range."""


class DataError(AlnError):
    """A photograph, folder, archive or annotation can't be used; the message names the file."""


class NothingMissedError(DataError):
    """A gallery of misses is asked for, and there is no miss."""


class ModelError(AlnError):
    """A saved model is missing, incomplete, or doesn't fit what is asked of it."""


class TrainingError(AlnError):
    """Training can't begin, go on, or be saved."""


class DivergedError(TrainingError):
    """Training stopped itself: a loss that is not finite, or masks that collapsed."""
