"""The reason of a training that stopped itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from aln.errors import DivergedError, TrainingError
from aln.training.stopped import keeping_the_reason, why_stopped


@pytest.mark.parametrize(
    ("error", "kept"),
    [
        (DivergedError("the masks have collapsed"), "the masks have collapsed"),
        (TrainingError("disk full"), None),
    ],
    ids=["stopped itself", "was stopped"],
)
def test_only_that_of_a_training_which_stopped_itself_is_kept(
    tmp_path: Path, error: TrainingError, kept: str | None
) -> None:
    assert why_stopped(tmp_path) is None
    with pytest.raises(type(error)), keeping_the_reason(tmp_path):
        raise error
    assert why_stopped(tmp_path) == kept
