"""What all routes share: the album, the model, the reviews, and the rule that one writes at a time."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request

from aln.data.base import Image
from aln.data.folder_labels import ClassFrom, folder_label, folder_labels
from aln.errors import DataError
from aln.localization import BoolArray, FloatArray, Localization
from aln.web.album import Album, Entry
from aln.web.reviews import Reviews
from aln.web.workshop import Choice, Workshop

if TYPE_CHECKING:
    from aln.localizer import Localizer


@dataclass(frozen=True)
class Desk:
    """Where a reviewer sits; `writing` is held while files are written.

    Where the class isn't chosen it is as `class_from` says. Photographs that were sent, or lie in no class's
    folder, are localized for the one that the classifier ranks first all the same.
    """

    album: Album
    workshop: Workshop
    reviews: Reviews
    class_from: ClassFrom = "model"
    writing: RLock = field(default_factory=RLock)

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the model's classes."""
        return self.workshop.localizer.class_names

    def photograph(self, entry: Entry) -> Image:
        """A photograph, RGB uint8 (H, W, 3).

        Raises:
            DataError: If it can't be read.
        """
        return self.workshop.photograph(_version(entry), lambda: self.album.read(entry))

    def localize(self, entry: Entry, choice: Choice) -> Localization:
        """What is found in a photograph of the album; raises as `photograph` and `Workshop.localize` do."""
        image = self.photograph(entry)
        return self.workshop.localize(image, entry.image_id, self._classed(entry, choice), _version(entry))

    def score_map(self, entry: Entry, choice: Choice) -> FloatArray:
        """The score map float32 (H, W) of a photograph of the album; raises as `localize` does."""
        image = self.photograph(entry)
        choice = self._classed(entry, choice)
        return self.workshop.scored(image, entry.image_id, choice, _version(entry)).score_map

    def boxed(self, entry: Entry, choice: Choice, mask: BoolArray) -> Localization:
        """What is found in a photograph, with another mask bool (H, W) and the boxes of that mask.

        Raises:
            DataError: If the mask is of another size.
        """
        image = self.photograph(entry)
        choice = self._classed(entry, choice)
        found = self.workshop.scored(image, entry.image_id, choice, _version(entry))
        if mask.shape != found.mask.shape:
            raise DataError(f"the mask must be of {found.width}x{found.height} pixels")
        corners, scores = self.workshop.boxes(mask, found.score_map, choice.boxes)
        return replace(found, mask=mask, boxes=corners, box_scores=scores)

    def _classed(self, entry: Entry, choice: Choice) -> Choice:
        folder = self.album.folder
        told = choice.label is not None or self.class_from == "model"
        if told or folder is None or self.album.is_sent(entry):
            return choice
        label = folder_label(entry.image_id, folder.resolve(), self.class_names)
        return choice if label is None else replace(choice, label=self.class_names[label])


def open_desk(localizer: Localizer, folder: Path | None, out: Path, class_from: ClassFrom = "model") -> Desk:
    """A desk for the photographs in `folder` (None: those alone that are sent), with its reviews in `out`.

    Raises:
        DataError: If `folder` holds no photographs, or `out` can't be written or holds other reviews; with
            `class_from` "folder" for a photograph that lies in no folder of the model's classes.
    """
    album = Album(folder, out)
    if class_from == "folder" and folder is not None:
        there = {entry.image_id: entry.path for entry in album if not album.is_sent(entry)}
        folder_labels(there, folder.resolve(), localizer.class_names)
    return Desk(album, Workshop(localizer), Reviews(out, localizer.class_names, album), class_from)


def _version(entry: Entry) -> Hashable:
    """The photograph, and when it was last changed."""
    try:
        status = entry.path.stat()
    except OSError:
        return entry.key, None
    return entry.key, status.st_mtime_ns, status.st_size


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


def _entry(key: str, desk: Annotated[Desk, Depends(_desk)]) -> Entry:
    return desk.album[key]


TheDesk = Annotated[Desk, Depends(_desk)]
TheEntry = Annotated[Entry, Depends(_entry)]
