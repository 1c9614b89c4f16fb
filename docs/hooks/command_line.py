"""Writes the page `cli.md` from the command line's own help, so that it can't fall behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

INTRODUCTION = """# Command line

What `aln VERB --help` prints, for each verb. Errors that you can cause come as one line on stderr, with
exit code 2.
"""
WIDTH = "92"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the page before MkDocs reads any."""
    from mkdocs.structure.files import File

    files.append(File.generated(config, "cli.md", content=page()))
    return files


def page() -> str:
    """The page as Markdown: a section a verb, in the order of `aln --help`."""
    from typer.main import get_group

    from aln.cli import app

    verbs = [f"## aln {verb}\n\n```text\n{_help(verb)}\n```\n" for verb in get_group(app).commands]
    return "\n".join([INTRODUCTION, *verbs])


def _help(verb: str) -> str:
    from typer.testing import CliRunner

    from aln.cli import app

    shown = CliRunner().invoke(app, [verb, "--help"], prog_name="aln", env={"COLUMNS": WIDTH})
    if shown.exit_code:
        raise RuntimeError(f"aln {verb} --help: {shown.output}")
    return shown.stdout.strip()
