"""The folder that `aln localize` fills: one JSON line an image, masks, overlays, failures; safe to continue.

    found/run.json              the model, method and rule that made the results, the names of its classes
    found/localizations.jsonl   one line an image (`Localization.to_dict`), in the order they were done;
                                `digest` in it is that of the photograph (`file_digest`)
    found/masks/<image id>.png  the mask, 0 or 255, at the image's own size
    found/overlays/<image id>.jpg
    found/failures.jsonl        photographs that could not be read, with the reason
    found/annotations/<format>/ what `aln.convert` makes of all this for annotation tools

An image's line is written after its pictures, so a line means that the image is whole. Older lines have no
digest: what lies under their photographs' names is taken for the photographs.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from types import MappingProxyType
from typing import Any

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from aln.data.store import file_digest
from aln.errors import DataError
from aln.files import same_file, write_atomic
from aln.localization import Localization
from aln.result_lines import append_row, cut_half_line, read_digests, without
from aln.result_pictures import picture_places, remove_pictures, write_image

Image = NDArray[np.uint8]

PHOTOGRAPHS = "photographs"
"""What `run.json` calls the folder that image ids are relative to; it may move, with the results or alone."""


class ResultFolder:
    """Where results go; opening it again continues after the last whole image.

    Args:
        path: The folder; made if it isn't there.
        made_by: What results must have in common to lie in one folder (model, method, rule, ...).
        redo: Remove the results that are there and start afresh.
        unsaid: What results had in common before `run.json` said so.

    Raises:
        DataError: If the folder can't be written, has other files where results go, or holds results of
            another model, method or rule, or of photographs that are not where `made_by` says.
    """

    def __init__(
        self,
        path: Path,
        made_by: Mapping[str, Any],
        *,
        redo: bool = False,
        unsaid: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        self.path = path
        with _writing(path):
            path.mkdir(parents=True, exist_ok=True)
            self._claim(made_by, redo, unsaid)
            cut_half_line(self._lines)
            self._digests = read_digests(self._lines)
            self._failures.unlink(missing_ok=True)

    @property
    def done(self) -> Collection[str]:
        """Ids of the images that were whole when the folder was opened, without those forgotten since."""
        return self._digests.keys()

    def write(self, found: Localization, overlay: Image | None = None, digest: str | None = None) -> None:
        """Add one image: its mask, its `overlay` (RGB uint8) where given, and last its line.

        `digest` is that of the photograph's file, taken before it was read; `changed` goes by it.

        Raises:
            DataError: If something can't be written (a full disk); all earlier images stay whole.
        """
        mask, picture = picture_places(self.path, found.image_id)
        with _writing(self.path):
            write_image(mask, found.mask.astype(np.uint8) * 255)
            if overlay is not None:
                write_image(picture, overlay[..., ::-1])
            append_row(self._lines, found.to_dict() | ({} if digest is None else {"digest": digest}))

    def changed(self, photographs: Iterable[tuple[str, Path]]) -> list[str]:
        """Of the images that are done, those whose photograph is another one now; by id and file.

        One that can't be read, or whose line is of before there were digests, counts as it was.
        """
        known = ((image_id, path, self._digests.get(image_id)) for image_id, path in photographs)
        return [image_id for image_id, path, digest in known if digest and _is_other(path, digest)]

    def forget(self, image_ids: Collection[str]) -> None:
        """Remove the results of some images: first their lines, then their pictures.

        Raises:
            DataError: If something can't be written; the lines are all there or all gone.
        """
        gone = frozenset(image_ids)
        with _writing(self.path):
            write_atomic(self._lines, without(self._lines, gone))
            remove_pictures(self.path, gone)
        self._digests = {name: digest for name, digest in self._digests.items() if name not in gone}

    def fail(self, image_id: str, reason: str) -> None:
        """Note a photograph that could not be localized."""
        with _writing(self.path):
            append_row(self._failures, {"image": image_id, "reason": reason})

    @property
    def _lines(self) -> Path:
        return self.path / "localizations.jsonl"

    @property
    def _failures(self) -> Path:
        return self.path / "failures.jsonl"

    @property
    def _manifest(self) -> Path:
        return self.path / "run.json"

    def _claim(self, made_by: Mapping[str, Any], redo: bool, unsaid: Mapping[str, Any]) -> None:
        """Make sure that the folder is ours and holds nothing made otherwise."""
        if self._manifest.exists():
            before = _read_manifest(self._manifest)
            if not redo:
                self._compare({**unsaid, **before}, made_by)
                return
            self._remove_results()
        else:
            for own in (self._lines, self._failures, self.path / "masks", self.path / "overlays"):
                if own.exists():
                    raise DataError(f"{own}: was not written by aln localize; choose another --out folder")
        self._manifest.write_bytes(_json(made_by))

    def _compare(self, before: Mapping[str, Any], made_by: Mapping[str, Any]) -> None:
        differing = [key for key, value in made_by.items() if before.get(key) != value]
        way_out = "choose another --out folder, or replace them with --redo"
        for key in differing:
            if key != PHOTOGRAPHS or key not in before:
                was, now = before.get(key), made_by[key]
                raise DataError(f"{self.path}: holds results with {key} {was!r}, not {now!r}; {way_out}")
        if differing:
            _move_photographs(
                self.path, before, read_digests(self._lines), Path(made_by[PHOTOGRAPHS]), way_out
            )

    def _remove_results(self) -> None:
        """Remove what earlier calls wrote here, and nothing else."""
        remove_pictures(self.path, read_digests(self._lines))
        self._lines.unlink(missing_ok=True)
        for folder in (self.path / "masks", self.path / "overlays"):
            _remove_empty(folder)


def move_photographs(found: Path, image_ids: Iterable[str], photographs: Path) -> Path:
    """Note that the photographs of the results in `found` lie in another folder now; returns its full path.

    Args:
        found: What `aln localize` has filled.
        image_ids: Those of its results.
        photographs: The folder that image ids are relative to.

    Raises:
        DataError: If one of the photographs is not there, or `found` can't be written.
    """
    place = _absolute(photographs)
    with _writing(found):
        before = _read_manifest(found / "run.json")
        digests = read_digests(found / "localizations.jsonl")
        known = {name: digests.get(name) for name in image_ids}
        _move_photographs(found, before, known, place, "name the folder that holds all of them")
    return place


def _move_photographs(
    found: Path, before: Mapping[str, Any], known: Mapping[str, str | None], place: Path, way_out: str
) -> None:
    then = Path(before[PHOTOGRAPHS])
    if other := [name for name in known if not _is_there(place / name, known[name], then / name)]:
        raise DataError(
            f"{found}: holds results of the photographs in {then}, and {len(other)} of the {len(known)} are "
            f"not in {place}, or are others of the same name ({other[0]} first); {way_out}"
        )
    write_atomic(found / "run.json", _json({**before, PHOTOGRAPHS: str(place)}))


def _is_there(now: Path, digest: str | None, before: Path) -> bool:
    return now.exists() and not _is_other(now, digest) if digest else same_file(now, before)


def _is_other(photograph: Path, digest: str) -> bool:
    """Whether a file has another digest than this; one that can't be read has none."""
    try:
        with photograph.open("rb"):
            return file_digest(photograph).hex() != digest
    except OSError:
        return False


def image_ids(files: Sequence[Path], root: Path) -> list[str]:
    """Names of `files` relative to `root`, with forward slashes."""
    return [_absolute(file).relative_to(root).as_posix() for file in files]


def common_folder(paths: Sequence[Path]) -> Path:
    """The deepest folder that holds all `paths` (a folder holds itself).

    Raises:
        DataError: If there is none, as they lie on several drives; names two of them.
    """
    folders = [_absolute(path if path.is_dir() else path.parent) for path in paths]
    try:
        return Path(os.path.commonpath(folders))
    except ValueError as error:
        raise DataError(
            f"{min(folders)} and {max(folders)}: lie on two drives, and no folder holds both; localize those "
            "of each drive on their own, into a folder of their own"
        ) from error


def _absolute(path: Path) -> Path:
    """`path` without `..`, and with its links left as they are: names stay those that the user sees."""
    return Path(os.path.normpath(path.absolute()))


def require_writable(file: Path) -> None:
    """Make sure, before long work, that `file` can be written in the end; makes its folder.

    Raises:
        DataError: If it can't; names what is in the way.
    """
    if file.is_dir():
        raise DataError(f"{file}: is a folder; name the file in it that is to be written")
    with _writing(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=file.parent):
            pass


@contextmanager
def alone(out: Path) -> Iterator[None]:
    """Hold the folder `out`, which is made if it isn't there, for this process.

    Raises:
        DataError: If another process holds it, or it can't be written.
    """
    with _writing(out):
        out.mkdir(parents=True, exist_ok=True)
        lock = FileLock(out / ".lock", timeout=0)
        try:
            lock.acquire()
        except Timeout as error:
            raise DataError(
                f"{out}: another aln localize is writing here; wait for it, or choose another --out"
            ) from error
    with lock:
        yield


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Turn an `OSError` into a `DataError` that names the file and the way out."""
    try:
        yield
    except OSError as error:
        raise DataError(
            f"{error.filename or path}: can't be written ({error.strerror}); make room or permission, or "
            "choose another folder. What is done is kept: the same command continues"
        ) from error


def _json(manifest: Mapping[str, Any]) -> bytes:
    return json.dumps(dict(manifest), indent=2).encode() + b"\n"


def _read_manifest(path: Path) -> dict[str, Any]:
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        manifest = None
    if not isinstance(manifest, dict):
        raise DataError(f"{path}: was not written by aln localize; choose another --out folder")
    return manifest


def _remove_empty(folder: Path) -> None:
    """Remove `folder` and the folders in it, except those that hold files."""
    for path in sorted([folder, *folder.rglob("*")], reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
