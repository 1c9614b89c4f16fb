"""From a folder of results to the files of annotation tools, each format in `annotations/<format>/`.

A format is written beside its place and renamed when it is whole. Results are read one by one, once for each
format, so that any number of photographs takes the same memory. What a person edited there is never lost:
such a folder is left alone, or set aside where its format is asked for again.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from aln import edits
from aln.errors import AlnError, DataError
from aln.export import FORMATS, Dataset
from aln.export.base import Found, Write
from aln.output import move_photographs
from aln.results import StoredResults, open_results

Tell = Callable[[str], None]


def nobody(_: str) -> None:
    """Tell nobody."""


def parse_formats(written: Iterable[str]) -> list[str]:
    """Names of formats as users write them, with commas or one by one, each once.

    Raises:
        ConfigError: For an unknown one; tells the nearest.
    """
    names = [name.strip() for text in written for name in text.split(",") if name.strip()]
    return [FORMATS[name].name for name in dict.fromkeys(names)]


def convert(
    found: Path | str, formats: Sequence[str], photographs: Path | str | None = None, tell: Tell = nobody
) -> list[Path]:
    """Write the results in the folder `found` as `formats`, and again what was written there before.

    Formats of an earlier call are made anew, so that all that lies in `annotations/` holds all results; not
    so those in which something was edited. Where one of these is among `formats`, the edited folder is set
    aside as `<format>-edited-<number>`.

    Args:
        found: What `aln localize` has filled.
        formats: Names of formats.
        photographs: Where the photographs lie now, if they were moved; it is noted in `found`.
        tell: Called with a sentence where some of the photographs, but not all, are no longer there, and
            where something was edited.

    Returns:
        The folder of each format that was written.

    Raises:
        ConfigError: For an unknown format.
        DataError: If `found` holds no results, a file of it is damaged, or `photographs` isn't where they
            are.
        AlnError: After all others were written, for a format that can't be: a name or class has no place in
            it, it leads to photographs none of which is where it was, or there is no room or permission.
    """
    found = Path(found)
    results = open_results(found)
    target = found / "annotations"
    wanted = parse_formats(formats)
    earlier = [name for name in FORMATS if name not in wanted and (target / name).is_dir()]
    names = [*wanted, *_unedited(target, earlier, tell)]
    if photographs is not None:
        _require_outside(Path(photographs), target)
        place = move_photographs(found, (result.image_id for result in results), Path(photographs))
        results = replace(results, photographs=place)
    return _write_all(names, results, target, tell)


def _unedited(target: Path, names: Sequence[str], tell: Tell) -> list[str]:
    """Those of the formats in `target` that may be written again unasked."""
    kept = [name for name in names if edits.edited(target / name)]
    if kept:
        tell(
            f"{target}: something was edited in {', '.join(kept)} (or an earlier aln wrote it); left as it "
            f"is. --to {','.join(kept)} writes it anew, and keeps what is there now beside it"
        )
    return [name for name in names if name not in kept]


def _require_outside(photographs: Path, target: Path) -> None:
    if photographs.resolve().is_relative_to(target.resolve()):
        raise DataError(
            f"{photographs}: lies among the annotations, which are written anew; move the photographs out of "
            f"{target}, and name that folder"
        )


def _write_all(names: Sequence[str], results: StoredResults, target: Path, tell: Tell) -> list[Path]:
    """Every format that can be written; raises only then."""
    dataset = Dataset(results.class_names, results.photographs)
    leading = [name for name in names if FORMATS[name].leads]
    problems: list[tuple[str, AlnError]] = []
    gone: Collection[str] = ()
    try:
        gone = _gone(results, leading, tell) if leading else ()
    except DataError as error:
        problems = [(name, error) for name in leading]
        names = [name for name in names if name not in leading]
    folders: list[Path] = []
    for name in names:
        there = (found for found in results if name not in leading or found.image_id not in gone)
        try:
            folders.append(write_format(name, there, target / name, dataset, tell))
        except AlnError as error:
            problems.append((name, error))
    if problems:
        raise _together(problems)
    return folders


def _together(problems: Sequence[tuple[str, AlnError]]) -> AlnError:
    """One error for all: each reason once, behind the formats that it is of."""
    formats: dict[str, list[str]] = {}
    for name, error in problems:
        formats.setdefault(str(error), []).append(name)
    kinds = {type(error) for _, error in problems}
    kind = kinds.pop() if len(kinds) == 1 else AlnError
    return kind("; ".join(f"{', '.join(names)}: {reason}" for reason, names in formats.items()))


def _gone(results: StoredResults, leading: Sequence[str], tell: Tell) -> frozenset[str]:
    """Ids of the results without a photograph, which formats that lead to them leave out; raises for all."""
    gone = results.gone()
    if not gone:
        return frozenset()
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
    tell(f"{problem}, and are left out there; put them back, or name their new folder with --photographs")
    return frozenset(gone)


def write_format(
    name: str, results: Iterable[Found], folder: Path, dataset: Dataset, tell: Tell = nobody
) -> Path:
    """Write `results` as the format `name` into `folder`, which is replaced as a whole; returns `folder`.

    `tell` is called with a sentence where something was edited in it, and it was set aside.

    Raises:
        ConfigError: For an unknown format.
        DataError: If something can't be written; `folder` stays as it was.
    """
    with replaced(folder, tell) as beside:
        write: Write = FORMATS[name].write
        write(results, beside, dataset)
    return folder


@contextmanager
def replaced(folder: Path, tell: Tell = nobody) -> Iterator[Path]:
    """A new folder beside `folder`, which takes its place at the end if all went well.

    Where something was edited in `folder`, it is set aside, and `tell` is called with a sentence on it.

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
        written = edits.content_digest(new)
        if folder.exists() and not _set_aside_edited(folder, tell):
            folder.rename(old)
        new.rename(folder)
        edits.remember(folder, written)
    except OSError as error:
        raise DataError(
            f"{error.filename or folder}: can't be written ({error.strerror}); make room or permission. "
            "The results are kept: aln convert writes the annotations later"
        ) from error
    finally:
        for left in (new, old):
            shutil.rmtree(left, ignore_errors=True)


def _set_aside_edited(folder: Path, tell: Tell) -> bool:
    """Set `folder` aside if something was edited in it; returns whether it was."""
    edited = edits.edited(folder)
    if edited:
        tell(f"{folder}: something was edited in it; it is kept as {edits.set_aside(folder)}")
    return edited


def remove_annotations(found: Path, tell: Tell = nobody) -> None:
    """Remove the formats that earlier calls wrote into `found`, and nothing else; what was edited is kept."""
    for name in FORMATS:
        folder = found / "annotations" / name
        if not folder.is_dir() or folder.is_symlink():
            continue
        if not _set_aside_edited(folder, tell):
            shutil.rmtree(folder)
        edits.forget(folder)
