"""What the pages tell a user to type: it exists, and the example of a method works as it stands there."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest
from typer.main import get_group

import aln
from aln.cli import app
from aln.methods import METHODS

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]

COMMAND = re.compile(r"(?:^ {4,}|`)aln ([a-z][a-z-]*)([^`\n#]*)", re.MULTILINE)
OPTION = re.compile(r"(?<!\S)(--?[a-z][a-z-]*)")
LINK = re.compile(r"\]\(([^)\s:#]+)(?:#[^)]*)?\)")

each_page = pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in PAGES])


@each_page
def test_commands_exist(page: Path) -> None:
    verbs = get_group(app).commands
    for verb, rest in COMMAND.findall(page.read_text(encoding="utf-8")):
        assert verb in verbs, f"aln {verb}"
        known = {name for option in verbs[verb].params for name in (*option.opts, *option.secondary_opts)}
        assert set(OPTION.findall(rest)) <= known | {"--help"}, f"aln {verb}{rest}"


@each_page
def test_links_lead_to_files(page: Path) -> None:
    made = {"cli.md", "choices.md"}  # while the site is built
    links = set(LINK.findall(page.read_text(encoding="utf-8"))) - made
    assert not [link for link in links if not (page.parent / link).exists()]


def test_the_example_of_a_method_works(
    tiny_run: Path, photographs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(METHODS, "_entries", dict(METHODS._entries))
    text = (ROOT / "docs" / "add-a-method.md").read_text(encoding="utf-8")
    block = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert block
    (tmp_path / "activation.py").write_text(block[1], encoding="utf-8")
    runpy.run_path(str(tmp_path / "activation.py"))
    model = aln.load(tiny_run)
    paths = [photographs / "a.jpg", photographs / "b b.png"]
    once = list(model.localize(paths, method="activation"))
    twice = list(model.localize(paths, method="activation", power=2))
    assert [found.method for found in once] == ["activation", "activation"]
    assert all((a.score_map != b.score_map).any() for a, b in zip(once, twice, strict=True))
    with pytest.raises(aln.errors.ConfigError, match="power=0"):
        list(model.localize(paths, method="activation", power=0))


@pytest.mark.parametrize(
    ("hook", "expected"),
    [
        ("command_line", ["## aln train", "## aln localize", "--out"]),
        (
            "choices",
            [
                "`grad_cam`",
                "`percentile:NUMBER`",
                "`label-studio`",
                "`area_power`",
                "| `data.options.test` |  | A folder beside",
                "`poster`: `1`",
            ],
        ),
    ],
    ids=["command-line", "choices"],
)
def test_pages_are_made_from_the_code(hook: str, expected: list[str]) -> None:
    page = runpy.run_path(str(ROOT / "docs" / "hooks" / f"{hook}.py"))["page"]()
    assert not [part for part in expected if part not in page]
