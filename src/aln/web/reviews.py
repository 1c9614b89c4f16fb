"""What people decided, one file a photograph, each written whole or not at all.

out/review.json          the classes and the folder that the reviews are of
out/reviews/<key>.json   a `Review`, with the photograph's id and the version
out/uploads/             photographs that were sent
out/annotations/<format>/, out/class-folder/   what was exported
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from aln.errors import AlnError, DataError
from aln.files import same_file, write_atomic
from aln.web.album import Album, Entry
from aln.web.schemas import Review

State = Literal["draft", "accepted"]


class OutdatedReviewError(AlnError):
    """A review was written or removed since whoever asks read it."""


class Reviews:
    """The reviews in a folder. One writer at a time: `Desk` takes care of that.

    Each review has a version. Whoever writes or removes one may say which versions are `known` to them: then
    no other is written over, such as that of a second window.

    Args:
        out: The review folder; made where it isn't there.
        class_names: Names of the model's classes, which all reviews share.
        album: The photographs. They may have moved, with the review folder or alone: then all that are
            reviewed must be in it, with the content of those in the place before, where that is still there.

    Raises:
        DataError: If the folder can't be written, holds reviews of other classes or photographs, or one of
            its files is damaged.
    """

    def __init__(self, out: Path, class_names: Sequence[str], album: Album) -> None:
        self.out = out
        self._none = hashlib.blake2b(os.fsencode(out.resolve()), digest_size=8).hexdigest()
        self._folder = out / "reviews"
        self._claim(out / "review.json", class_names, album)
        self.states: dict[str, State] = {
            path.stem: _parsed(_read(path), path).state for path in self._files()
        }

    def load(self, entry: Entry) -> Review | None:
        """The review of a photograph, or None where there is none yet.

        Raises:
            DataError: If its file is damaged.
        """
        return self.versioned(entry)[0]

    def versioned(self, entry: Entry) -> tuple[Review | None, str]:
        """The review of a photograph, as `load` gives it, and its version.

        Where there is none, or one of before there were versions, it is the same for the whole folder.

        Raises:
            DataError: If its file is damaged.
        """
        path = self._path(entry)
        if not path.exists():
            return None, self._none
        row = _read(path)
        return _parsed(row, path), str(row.get("version") or self._none)

    def save(
        self, entry: Entry, review: Review, version: str | None = None, known: Collection[str] | None = None
    ) -> str:
        """Write a review; a crash leaves the one before. Returns its version.

        Args:
            entry: The photograph.
            review: What is written.
            version: What this one is called; made up where it is None.
            known: Versions that may be written over; None: any.

        Raises:
            OutdatedReviewError: If the one that is there isn't `known`.
            DataError: If it can't be written.
        """
        self._require_known(entry, known)
        version = version or secrets.token_hex(8)
        _write(
            self._path(entry),
            {"image": entry.image_id, "version": version, **review.model_dump(mode="json")},
        )
        self.states[entry.key] = review.state
        return version

    def remove(self, entry: Entry, known: Collection[str] | None = None) -> None:
        """Forget the review of a photograph; where there is none nothing is asked.

        Raises:
            OutdatedReviewError: If the one that is there isn't `known`.
            DataError: If it can't be removed.
        """
        if not self._path(entry).exists():
            return
        self._require_known(entry, known)
        try:
            self._path(entry).unlink(missing_ok=True)
        except OSError as error:
            raise DataError(f"{error.filename}: can't be removed ({error.strerror})") from error
        self.states.pop(entry.key, None)

    def _require_known(self, entry: Entry, known: Collection[str] | None) -> None:
        if known is not None and self.versioned(entry)[1] not in known:
            raise OutdatedReviewError(
                f"{entry.name}: was changed elsewhere, perhaps in another window; load the page again"
            )

    def _path(self, entry: Entry) -> Path:
        return self._folder / f"{entry.key}.json"

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob("[!.]*.json"))

    def _claim(self, manifest: Path, class_names: Sequence[str], album: Album) -> None:
        now = None if album.folder is None else str(album.folder.resolve())
        classes = list(class_names)
        made_by: dict[str, Any] = {"classes": classes, "photographs": now}
        before = _read(manifest) if manifest.exists() else made_by
        if before.get("classes") != classes:
            raise DataError(
                f"{self.out}: holds reviews with classes {before.get('classes')!r}, not {classes!r}; "
                "choose another --out folder"
            )
        if before.get("photographs") != now:
            self._require_reviewed(album, before.get("photographs"))
        if before != made_by or not manifest.exists():
            _write(manifest, made_by)

    def _require_reviewed(self, album: Album, before: str | None) -> None:
        """Make sure that the album has each photograph that is reviewed, and no other one under its name."""
        files = self._files()
        other = []
        for path in files:
            image_id = str(_read(path).get("image"))
            entry = album.by_id(image_id)
            if entry is None or not same_file(entry.path, Path(before or self.out, image_id)):
                other.append((image_id, path))
        if other:
            image_id, path = other[0]
            raise DataError(
                f"{self.out}: holds reviews of the photographs in {before or self.out}, and {len(other)} of "
                f"the {len(files)} are not in {album.folder or self.out}, or are others of the same name "
                f"({image_id} first); give --images the folder that they are in now, choose another --out "
                f"folder, or remove the reviews of what is lost ({path} first)"
            )


def _parsed(row: Mapping[str, Any], path: Path) -> Review:
    fields = {name: value for name, value in row.items() if name not in {"image", "version"}}
    try:
        return Review.model_validate(fields)
    except ValidationError as error:
        raise DataError(f"{path}: is no review; remove that file") from error


def _read(path: Path) -> dict[str, Any]:
    try:
        row = json.loads(path.read_bytes())
    except OSError as error:
        raise DataError(f"{path}: can't be read ({error.strerror}); check its permissions") from error
    except ValueError:
        row = None
    if not isinstance(row, dict):
        raise DataError(
            f"{path}: was not written by aln web; remove that file, or choose another --out folder"
        )
    return row


def _write(path: Path, row: Mapping[str, Any]) -> None:
    try:
        write_atomic(path, json.dumps(row).encode())
    except OSError as error:
        raise DataError(
            f"{path}: can't be written ({error.strerror}); make room or permission, or choose another --out"
        ) from error
