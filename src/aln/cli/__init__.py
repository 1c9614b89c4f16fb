"""The command line: each verb a few lines over the Python API, imported inside so that --help is instant.

A verb is one module that joins `app`, and one line here; --help lists them in this order.
"""

from aln.cli.app import app, main
from aln.cli import train
from aln.cli import localize
from aln.cli import convert
from aln.cli import evaluate
from aln.cli import benchmark
from aln.cli import sheet
from aln.cli import web
from aln.cli import export
from aln.cli import info
from aln.cli import ablate
from aln.cli import lists

__all__ = ["app", "main"]
