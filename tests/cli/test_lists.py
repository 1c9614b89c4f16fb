"""`aln formats`, `aln methods` and `aln presets`."""

from __future__ import annotations

from aln.config import preset_names
from aln.export import FORMATS
from aln.methods import METHODS
from tests.cli.calls import Call


def test_lists_name_everything_registered(aln: Call) -> None:
    assert [line.split()[0] for line in aln("formats").out.splitlines()] == list(FORMATS)
    assert all(name in aln("methods").out for name in METHODS)
    assert aln("presets").out.split() == list(preset_names())
