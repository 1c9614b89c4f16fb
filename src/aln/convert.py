"""From a folder of results to the files of annotation tools, each format in `annotations/<format>/`.

A format is written beside its place and renamed when it is whole. Results are read one by one, once for each
format, so that any number of photographs takes the same memory.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from aln.errors import DataError
from aln.export import FORMATS, Dataset
from aln.export.base import Found, Write
from aln.output import move_photographs
from aln.results import StoredResults, open_results


def parse_formats(written: Iterable[str]) -> list[str]:
    """Names of formats as users write them, with commas or one by one, each once.

    Raises:
        ConfigError: For an unknown one; tells the nearest.
    """
    names = [name.strip() for text in written for name in text.split(",") if name.strip()]
    return [FORMATS[name].name for name in dict.fromkeys(names)]


def convert(
    found: Path | str,
    formats: Sequence[str],
    photographs: Path | str | None = None,
    tell: Callable[[str], None] | None = None,
) -> list[Path]:
    """Write the results in the folder `found` as `formats`, and again what was written there before.

    Formats of an earlier call are made anew, so that all that lies in `annotations/` holds all results.

    Args:
        found: What `aln localize` has filled.
        formats: Names of formats.
        photographs: Where the photographs lie now, if they were moved; it is noted in `found`.
        tell: Called with a sentence where some of the photographs, but not all, are no longer there.

    Returns:
        The folder of each format.

    Raises:
        ConfigError: For an unknown format.
        DataError: If `found` holds no results, a file of it is damaged, or something can't be written; if
            a format leads to the photographs, and none is where it was, or not all are in `photographs`.
    """
    found = Path(found)
    results = open_results(found)
    target = found / "annotations"
    wanted = parse_formats(formats)
    names = [*wanted, *(name for name in FORMATS if name not in wanted and (target / name).is_dir())]
    if photographs is not None:
        place = move_photographs(found, (result.image_id for result in results), Path(photographs))
        results = replace(results, photographs=place)
    if leading := [name for name in names if FORMATS[name].leads]:
        _require_photographs(results, leading, tell or (lambda _: None))
    dataset = Dataset(results.class_names, results.photographs)
    return [write_format(name, results, target / name, dataset) for name in names]


def _require_photographs(results: StoredResults, leading: Sequence[str], tell: Callable[[str], None]) -> None:
    gone = results.gone()
    if not gone:
        return
    count = sum(1 for _ in results)
    problem = (
        f"{results.folder}: {len(gone)} of its {count} photographs are no longer in {results.photographs} "
        f"({gone[0]} first), where {', '.join(leading)} would lead"
    )
    if len(gone) == count:
        raise DataError(
            f"{problem}; name the folder that they are in now: aln convert {results.folder} "
            f"--to {','.join(leading)} --photographs FOLDER"
        )
    tell(f"{problem}; put them back, or name their new folder with --photographs")


def write_format(name: str, results: Iterable[Found], folder: Path, dataset: Dataset) -> Path:
    """Write `results` as the format `name` into `folder`, which is replaced as a whole; returns `folder`.

    Raises:
        ConfigError: For an unknown format.
        DataError: If something can't be written; `folder` stays as it was.
    """
    with replaced(folder) as beside:
        write: Write = FORMATS[name].write
        write(results, beside, dataset)
    return folder


@contextmanager
def replaced(folder: Path) -> Iterator[Path]:
    """A new folder beside `folder`, which takes its place at the end if all went well.

    Raises:
        DataError: If something can't be written; `folder` stays as it was.
    """
    new = folder.with_name(f".{folder.name}.{uuid4().hex}")
    old = new.with_name(new.name + ".old")
    try:
        for left in folder.parent.glob(f".{folder.name}.*"):  # by a call that was killed
            shutil.rmtree(left)
        new.mkdir(parents=True)
        yield new
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
    except OSError as error:
        raise DataError(
            f"{error.filename or folder}: can't be written ({error.strerror}); make room or permission. "
            "The results are kept: aln convert writes the annotations later"
        ) from error
    finally:
        for left in (new, old):
            shutil.rmtree(left, ignore_errors=True)


def remove_annotations(found: Path) -> None:
    """Remove the formats that earlier calls wrote into `found`, and nothing else."""
    for name in FORMATS:
        folder = found / "annotations" / name
        if folder.is_dir() and not folder.is_symlink():
            shutil.rmtree(folder)
