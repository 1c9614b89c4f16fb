"""What stands in the results already: it outlives the run folders and the machine that they were made on.

    <name>.json                         every figure
    <name>-differences.json             differences to ALN
    <name>-runs.json                    the runs behind them: settings, weights, what was measured (`Record`)
    <name>-images/<training>-<seed>.npz figures of single images of each run

A run whose figures are all there is not made again. One that is made again replaces what stood there of it.
Before figures go that nothing replaces, a copy of all of it is set aside, as <name>-earlier-<number>/.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from itertools import count
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from aln.benchmark.measure import MODEL_FREE, Measured, Record, asked, names_in_rows
from aln.benchmark.plan import Run, differing
from aln.config import Config
from aln.errors import DataError
from aln.evaluation.differences import Difference
from aln.evaluation.per_image import PerImage
from aln.evaluation.report import read_differences, read_rows
from aln.evaluation.rows import Row
from aln.evaluation.trivial import TRIVIAL_METHODS
from aln.files import write_atomic


@dataclass(frozen=True, eq=False)
class Kept:
    """The results of a benchmark as they stand in a folder.

    Attributes:
        images: The folder for figures of single images.
        records: By training and seed.
        rows: Every figure.
        differences: Every difference.
    """

    images: Path
    records: Mapping[tuple[str, int], Record]
    rows: Sequence[Row]
    differences: Sequence[Difference]

    def of(self, run: Run) -> Measured | None:
        """What stands there of a run, as it would be made and measured today; None where nothing does.

        Raises:
            DataError: If its file of single images is damaged; names it.
        """
        record = self.records.get((run.training.name, run.seed))
        if record is None or not _is_of(record, run):
            return None
        valid = {name: digest for name, digest in asked(run).items() if record.methods.get(name) == digest}
        if not valid:
            return None
        names = (*names_in_rows(run.training, valid), *TRIVIAL_METHODS, "classifier")
        models = ((record.training, record.seed), MODEL_FREE)
        rows = [row for row in self.rows if (row.preset, row.seed) in models and row.method in names]
        path = _images(self.images, record)
        table = PerImage.load(path).only((*valid, *TRIVIAL_METHODS)) if path.exists() else None
        return Measured(replace(record, methods=valid), rows, table)

    def complete(self, run: Run) -> bool:
        """Whether all that is asked of a run stands there, so that it need not be made."""
        found = self.of(run)
        return found is not None and found.record.methods.keys() == asked(run).keys()

    def left_out(self, runs: Sequence[Run]) -> list[str]:
        """Names of the runs that stand there by another recipe, or measured in another way: not used."""
        there = [run for run in runs if (run.training.name, run.seed) in self.records]
        return [run.name for run in there if self.of(run) is None]

    def lost(self, measured: Sequence[Measured]) -> bool:
        """Whether figures stand there that would be gone if these runs took their place."""
        now = {(found.record.training, found.record.seed): found.record.methods for found in measured}
        return any(
            record.methods.keys() - now.get(model, {}).keys() for model, record in self.records.items()
        )


def read_kept(name: str, out: Path) -> Kept:
    """The results of the benchmark `name` in the folder `out`; empty where there are none.

    Raises:
        DataError: If a file is damaged; names it.
    """
    rows, differences = out / f"{name}.json", out / f"{name}-differences.json"
    return Kept(
        out / f"{name}-images",
        {(record.training, record.seed): record for record in _read_records(out / f"{name}-runs.json")},
        read_rows(rows) if rows.exists() else [],
        read_differences(differences) if differences.exists() else [],
    )


def keep(measured: Sequence[Measured], name: str, out: Path) -> None:
    """Write the records of runs, and their figures of single images.

    Raises:
        DataError: If something can't be written.
    """
    for found in measured:
        path = _images(out / f"{name}-images", found.record)
        if found.table is not None:
            found.table.save(path)
    path = out / f"{name}-runs.json"
    text = json.dumps([asdict(found.record) for found in measured], indent=1) + "\n"
    try:
        write_atomic(path, text.encode())
    except OSError as error:
        raise DataError(f"{path}: can't be written ({error.strerror})") from error


def set_aside(name: str, out: Path) -> Path:
    """Copy the results of a benchmark, as they stand, into a new folder beside them; tells which.

    Raises:
        DataError: If it can't be written.
    """
    folder = next(free for n in count(1) if not (free := out / f"{name}-earlier-{n}").exists())
    try:
        folder.mkdir()
        for path in (out / f"{name}{end}" for end in (".json", "-differences.json", "-runs.json", ".md")):
            if path.exists():
                shutil.copy2(path, folder)
        if (images := out / f"{name}-images").exists():
            shutil.copytree(images, folder / images.name)
    except OSError as error:
        raise DataError(f"{folder}: can't be written ({error.strerror})") from error
    return folder


def _is_of(record: Record, run: Run) -> bool:
    """Whether a record is of a run's recipe; a setting newer than the record has its default there."""
    try:
        return not differing(Config.model_validate(record.settings), run.config)
    except ValidationError:
        return False


def _images(folder: Path, record: Record) -> Path:
    return folder / f"{record.training}-{record.seed}.npz"


def _read_records(path: Path) -> list[Record]:
    if not path.exists():
        return []
    try:
        tree: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
        return [Record(**entry) for entry in tree]
    except OSError as error:
        raise DataError(f"{path}: can't be read ({error.strerror})") from error
    except (ValueError, TypeError) as error:
        names = ", ".join(field.name for field in fields(Record))
        raise DataError(f"{path}: is no list of runs with the fields {names} ({error})") from error
