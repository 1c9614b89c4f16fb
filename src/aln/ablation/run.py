"""`ablate`: train every arm, measure it, and tell what is known after each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path

from rich.console import Console

from aln.ablation.figure import write_figure
from aln.ablation.measuring import arm_rows
from aln.ablation.plan import FRESH, ArmKey, Plan, Run
from aln.ablation.registry import ABLATIONS
from aln.ablation.report import ArmRow, Stopped, page, write_json
from aln.ablation.trained import complete
from aln.benchmark.processes import Work, in_processes, in_turn
from aln.data import open_images
from aln.errors import AlnError, ConfigError
from aln.evaluation.rows import Row
from aln.files import write_atomic
from aln.measure import required_truth
from aln.model_io import check_photographs


@dataclass(frozen=True)
class Outcome:
    """What became of an arm: its rows, or why it stopped itself."""

    rows: list[Row]
    stopped: str | None = None


def ablate(
    plan: Plan,
    *,
    command: str,
    jobs: int = 1,
    threads: int = 1,
    max_images: int = 0,
    cache_root: Path | None = None,
    console: Console | None = None,
) -> None:
    """Train the warm starts, then every arm, and write what is known after each arm.

    What is done is kept: the same call continues after a stop. Writes <name>.json (a flat list of rows),
    <name>.md and <name>.png into the folder of the plan; <name> is that of the ablation, or `ablations` for
    several.

    Args:
        plan: What to train, and where.
        command: The command line, for the page.
        jobs: Trainings at the same time; each of several is a process with a log beside its folder.
        threads: Threads of each training.
        max_images: Measure on at most this many images of the `test` split; 0: on all.
        cache_root: Where decoded images are kept; see `default_cache_root`.
        console: Where progress goes.

    Raises:
        ConfigError: For an unknown ablation or setting, or a folder that holds other runs.
        AlnError: For photographs that can't be read or have no boxes.
        KeyboardInterrupt: On Ctrl-C, after saving checkpoints.
    """
    console = console or Console(stderr=True)
    _check(plan)
    work = partial(complete, threads=threads, cache_root=cache_root)
    outcomes: dict[ArmKey, Outcome] = {}
    try:
        for _, stopped in _trained([*plan.warm_starts(), *plan.other_warm_starts()], jobs, work, console):
            if stopped is not None:
                raise AlnError(f"no arm can begin without its classifier: {stopped}")
        for run, stopped in _trained(plan.trainings(), jobs, work, console):
            for arm in plan.arms():
                if arm.folder == run.folder:
                    rows = [] if stopped else _measured(plan, arm, max_images, console)
                    outcomes[arm.key] = Outcome(rows, stopped)
            _write(plan, outcomes, command)
    except KeyboardInterrupt:
        console.print("Stopped. What is done is kept: aln ablate with the same options continues.")
        raise


def _check(plan: Plan) -> None:
    """Find mistakes in names, settings and data now, not after hours."""
    if not plan.names or not plan.seeds:
        raise ConfigError(f"name an ablation, and a seed; there are {', '.join(ABLATIONS)}")
    for name, ablation in plan.ablations.items():
        if ablation.preset and ablation.preset != plan.preset:
            raise ConfigError(
                f"ablation {name} takes preset {ablation.preset} apart: add --preset {ablation.preset}"
            )
    if FRESH in plan.seeds:
        raise ConfigError(f"seed {FRESH} is that of the fresh classifier; choose others")
    data = plan.arms()[0].config.data
    required_truth(data, "test")
    runs = [*plan.warm_starts(), *plan.other_warm_starts(), *plan.trainings()]
    fingerprint = open_images(data, "train-weaksup").fingerprint()
    check_photographs((run.folder for run in runs), fingerprint, "give those, or choose another --out")


def _trained(
    runs: Sequence[Run], jobs: int, work: Work[Run], console: Console
) -> Iterator[tuple[Run, str | None]]:
    """Each run as it ends, and why it has no model, if it has none."""
    ended = in_processes(runs, jobs, work) if jobs > 1 else in_turn(runs, work)
    with closing(ended):
        for number, (run, stopped) in enumerate(ended, 1):
            console.print(f"{number} of {len(runs)}, {run.folder}: {stopped or 'trained'}")
            yield run, stopped


def _measured(plan: Plan, run: Run, max_images: int, console: Console) -> list[Row]:
    seed = run.config.training.seed
    others = [other.folder for other in plan.warm_starts() if other.config.training.seed != seed]
    return arm_rows(
        run.folder,
        Path(run.config.training.warm_start),
        others,
        run.config,
        max_images=max_images,
        console=console,
    )


def _write(plan: Plan, outcomes: dict[ArmKey, Outcome], command: str) -> None:
    """The three files, from the outcomes of the arms that are done."""
    rows: list[ArmRow] = []
    stopped: list[Stopped] = []
    for name, ablation in plan.ablations.items():
        for arm, seed in product(ablation.arms, plan.seeds):
            outcome = outcomes.get(plan.arm(arm, seed).key, Outcome([]))
            rows += [ArmRow(name, arm.name, row) for row in outcome.rows]
            if outcome.stopped is not None:
                stopped.append(Stopped(name, arm.name, seed, outcome.stopped))
    stem = plan.names[0] if len(plan.names) == 1 else "ablations"
    done = f"{len({key[0] for key in outcomes})} of {len(plan.trainings())} trainings are done"
    text = page(plan.ablations, rows, stopped, command=command, done=done, picture=f"{stem}.png")
    write_json(rows, plan.out / f"{stem}.json")
    write_atomic(plan.out / f"{stem}.md", text.encode())
    if rows:
        write_figure(plan.ablations, rows, plan.out / f"{stem}.png")
