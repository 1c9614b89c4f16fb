"""A whole table by one command: models trained or reused, every method measured, results written."""

from aln.benchmark.command import run_benchmark

__all__ = ["run_benchmark"]
