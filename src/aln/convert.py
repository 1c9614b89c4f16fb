"""From a folder of results to the files of annotation tools, each format in `annotations/<format>/`.

A format is written beside its place and renamed when it is whole. Results are read one by one, once for each
format, so that any number of photographs takes the same memory.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from aln.errors import DataError
from aln.export import FORMATS, Dataset
from aln.export.base import Found, Write
from aln.results import open_results


def parse_formats(written: Iterable[str]) -> list[str]:
    """Names of formats as users write them, with commas or one by one, each once.

    Raises:
        ConfigError: For an unknown one; tells the nearest.
    """
    names = [name.strip() for text in written for name in text.split(",") if name.strip()]
    return [FORMATS[name].name for name in dict.fromkeys(names)]


def convert(found: Path, formats: Sequence[str]) -> list[Path]:
    """Write the results in the folder `found` as `formats`, and again what was written there before.

    Formats of an earlier call are made anew, so that all that lies in `annotations/` holds all results.

    Returns:
        The folder of each format.

    Raises:
        ConfigError: For an unknown format.
        DataError: If `found` holds no results, a file of it is damaged, or something can't be written.
    """
    results = open_results(found)
    dataset = Dataset(results.class_names, results.photographs)
    target = found / "annotations"
    wanted = parse_formats(formats)
    before = [name for name in FORMATS if name not in wanted and (target / name).is_dir()]
    return [write_format(name, results, target / name, dataset) for name in (*wanted, *before)]


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
