"""`aln formats`, `aln methods` and `aln presets`."""

from __future__ import annotations

import pytest

from aln.config import preset_names
from aln.export import FORMATS
from aln.methods import METHODS
from aln.training.variants import VARIANTS
from tests.cli.calls import Call


def test_lists_name_everything_registered(aln: Call) -> None:
    assert [line.split()[0] for line in aln("formats").out.splitlines()] == list(FORMATS)
    lines = [
        line for line in aln("methods").out.splitlines() if line and not line.startswith((" ", "Trainings"))
    ]
    assert [line.split()[0] for line in lines] == [*METHODS, *VARIANTS]
    assert aln("presets").out.split() == list(preset_names())


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("cam", "Zhou et al., CVPR 2016; needs a classifier"),
        ("aln", "needs classifier and corruption net"),
        ("max_box", "needs nothing"),
        ("acol", "Zhang et al., CVPR 2018; needs the second branch of --set training.variant=acol"),
        ("casm", "needs the masker of --set training.variant=casm"),
        ("supervised", "needs the box head of --set training.variant=supervised"),
        ("has", "Singh & Lee, ICCV 2017; localizes with cam"),
    ],
)
def test_methods_tell_their_source_and_what_they_need(aln: Call, name: str, said: str) -> None:
    lines = aln("methods").out.splitlines()
    at = next(number for number, line in enumerate(lines) if line.split(" ")[0] == name)
    assert lines[at + 1].strip().endswith(said)
