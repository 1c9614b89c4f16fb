"""`aln benchmark`: train what is missing, measure what is missing, write what there is."""

from __future__ import annotations

import functools
import shlex
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

import cv2
import torch
from filelock import FileLock, Timeout
from rich.console import Console

from aln.benchmark.config import read_benchmark
from aln.benchmark.kept import keep, read_kept, set_aside
from aln.benchmark.measure import measure
from aln.benchmark.pictures import draw_overlaps, draw_photographs
from aln.benchmark.plan import Run, chosen, plan
from aln.benchmark.processes import in_processes, in_turn
from aln.benchmark.report import report
from aln.benchmark.results import Results, gather
from aln.data import open_images, revision, shared_ids
from aln.errors import AlnError, DataError
from aln.evaluation.report import write_rows
from aln.files import write_atomic
from aln.measure import required_truth
from aln.model_io import check_photographs
from aln.training.stopped import why_stopped


def run_benchmark(
    config: Path,
    *,
    data: Path = Path(),
    runs: Path = Path("runs"),
    out: Path | None = None,
    only: Sequence[str] = (),
    jobs: int = 1,
    threads: int = 1,
    cache: Path | None = None,
    console: Console | None = None,
) -> dict[str, str]:
    """Make or continue a benchmark; what is trained or measured already is used as it is.

    Writes `<name>.json` (a flat list of rows), `<name>-differences.json`, `<name>.md`, pictures and what it
    takes to go on elsewhere (`aln.benchmark.kept`) into `out`, again after every run, from all runs that are
    done. A run that stands in `out` already is not made, whether its model is here or not.

    Args:
        config: The benchmark's TOML.
        data: Folder that holds the data sets.
        runs: Folder for the run folders.
        out: Folder for the results; by default `results` beside the TOML.
        only: Runs to make or continue, as "TRAINING" or "TRAINING,SEED"; all where it is empty.
        jobs: Runs at a time, each a process of its own.
        threads: Threads of each run.
        cache: Folder for decoded photographs.
        console: Where progress goes; standard error by default.

    Returns:
        The reason for each run that failed, by its name; the others were done all the same.

    Raises:
        AlnError: For a malformed TOML, data that can't be found, or results that can't be written.
        KeyboardInterrupt: On Ctrl-C; a training saves a checkpoint first.
    """
    console = console or Console(stderr=True)
    benchmark = read_benchmark(config)
    planned = plan(benchmark, data=data, runs=runs, threads=threads, cache=cache)
    there = revision(planned[0].config.data)
    planned = [replace(run, revision=there) for run in planned]
    out = out or config.parent / "results"
    kept = read_kept(benchmark.name, out)
    picked = chosen(planned, only)
    wanted = [run for run in picked if not kept.complete(run)]
    required_truth(planned[0].config.data, "test")
    _check_photographs(planned, console)
    if left := len(picked) - len(wanted):
        console.print(f"{left} of {len(picked)} runs stand in {out} already", markup=False, soft_wrap=True)
    if others := kept.left_out(planned):
        console.print(
            f"{out}: left out, as their recipe or what is asked of them has changed: {'; '.join(others)}",
            markup=False,
            soft_wrap=True,
        )
    command = _command(config, data, runs)
    work = functools.partial(complete, threads=threads)
    ended = in_processes(wanted, jobs, work) if jobs > 1 else in_turn(wanted, work)
    failures: dict[str, str] = {}
    results: Results | None = None
    try:
        with closing(ended):
            for number, (run, reason) in enumerate(ended, 1):
                if reason is not None:
                    failures[run.name] = reason
                verdict = f"stopped: {reason}" if reason else "done"
                console.print(
                    f"{number} of {len(wanted)}: {run.name}: {verdict}", markup=False, soft_wrap=True
                )
                results = write_results(planned, out, command, failures, console)
        results = results or write_results(planned, out, command, failures, console)
        draw_photographs(planned, results, out, console)
    except KeyboardInterrupt:
        console.print("Stopped. What is done is kept: the same command continues", soft_wrap=True)
        raise
    return failures


def _check_photographs(planned: Sequence[Run], console: Console) -> None:
    """Raises DataError where a model was trained on others, or the test images are those to train on.

    Where some of them are, a line says so.
    """
    data = planned[0].config.data
    trained, tested = open_images(data, "train-weaksup"), open_images(data, "test")
    there = [run.folder for run in planned if run.finished]
    check_photographs(there, trained.fingerprint(), "give those, or choose another --runs and --out")
    shared = len(shared_ids(tested, trained))
    if shared == len(tested):
        raise DataError(
            f"{data.path}: the photographs to measure on are those to train on; put annotated ones that "
            'training does not see into a folder beside it, and name it: options = { test = "..." }'
        )
    if shared:
        console.print(
            f"warning: {data.path}: {shared} of the {len(tested)} photographs to measure on are among those "
            "to train on too; on these every method may look better than it is",
            markup=False,
            soft_wrap=True,
        )


def complete(run: Run, log: Path | None, *, threads: int) -> str | None:
    """Train and measure what is left of a run; the reason where it failed."""
    torch.set_num_threads(threads)
    cv2.setNumThreads(threads)
    with ExitStack() as stack:
        console = Console(stderr=True)
        try:
            run.folder.parent.mkdir(parents=True, exist_ok=True)
            if log is not None:
                console = Console(file=stack.enter_context(log.open("a", encoding="utf-8")), width=100)
            lock = FileLock(run.folder.with_name(f"{run.folder.name}.lock"), timeout=0)
            stack.enter_context(lock)
            run.train(console)
            measure(run, console)
        except Timeout:
            return f"{run.folder}: another process is at it"
        except AlnError as error:
            console.print(str(error), markup=False, soft_wrap=True)
            return str(error)
        except OSError as error:
            return f"{error.filename or run.folder}: can't be written ({error.strerror})"
    return None


def write_results(
    planned: Sequence[Run], out: Path, command: str, failures: Mapping[str, str], console: Console
) -> Results:
    """Rows, differences, page and the figures made from them, of what is done; nothing where nothing is.

    Where figures stand there that these don't replace, a copy of all of it is set aside first.

    Raises:
        DataError: If something can't be written.
    """
    name = planned[0].benchmark.name
    kept = read_kept(name, out)
    results = gather(planned, kept)
    if not results.rows:
        return results
    if kept.lost(results.runs):
        console.print(
            f"{set_aside(name, out)}: a copy of the results that stood there", markup=False, soft_wrap=True
        )
    write_rows(results.rows, out / f"{name}.json")
    write_rows(results.differences, out / f"{name}-differences.json")
    keep(results.runs, name, out)
    told = {**_stopped(planned, results), **failures}
    write_atomic(out / f"{name}.md", report(results, planned, command, told).encode())
    draw_overlaps(results, out)
    return results


def _stopped(planned: Sequence[Run], results: Results) -> dict[str, str]:
    """The reason for each run without figures that stopped itself, in whichever call."""
    there = {(one.record.training, one.record.seed) for one in results.runs}
    reasons = {
        run.name: why_stopped(run.folder) for run in planned if (run.training.name, run.seed) not in there
    }
    return {name: reason for name, reason in reasons.items() if reason is not None}


def _command(config: Path, data: Path, runs: Path) -> str:
    words = ["aln", "benchmark", "--config", str(config), "--data", str(data)]
    return shlex.join([*words, *([] if runs == Path("runs") else ["--runs", str(runs)])])
