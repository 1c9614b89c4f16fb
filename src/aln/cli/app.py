"""The application that the verbs join, and its entry point."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NoReturn

import typer

from aln.errors import AlnError

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(
    help="Find objects in photographs after learning from class folders alone: no boxes, masks or prompts.",
    no_args_is_help=True,
    rich_markup_mode=None,  # rich would double the time
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Entry point: errors a user can cause come as one line on stderr and exit code 2."""
    try:
        app()
    except AlnError as error:
        _fail(str(error))
    except OSError as error:
        _fail(
            f"{error.filename or 'the system'}: {error.strerror or error}; check the path and its permissions"
        )


def _fail(message: str) -> NoReturn:
    console(stderr=True).print(f"error: {message}", style="red")
    sys.exit(2)


def console(*, stderr: bool = False) -> Console:
    """A console that prints file and class names as they are, brackets included."""
    from rich.console import Console

    return Console(stderr=stderr, markup=False, highlight=False, soft_wrap=True)
