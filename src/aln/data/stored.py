"""Labelled images whose files lie in a `Store`: what every data set but the generated ones is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from hashlib import sha256
from typing import NamedTuple

from aln.data.base import Image, LabelledImages
from aln.data.images import decode
from aln.data.store import Store
from aln.errors import DataError


class Entry(NamedTuple):
    """One photograph: its name in the store, which is its image id too, and its class index."""

    name: str
    label: int


class StoredImages(LabelledImages):
    """Photographs in a folder tree or in zip archives.

    Args:
        name: What rows and caches call the data set.
        class_names: Names of the classes.
        entries: The photographs, in order.
        store: Where they lie.
        where: What error messages call the data set.
        layout: What the fingerprint calls it, where `name` is a folder's, which may be renamed.
        hint: Said where a class has no photographs: what else was found.
        least_classes: How many classes there have to be.

    Raises:
        DataError: If there is no photograph at all, too few classes, or a class without photographs.
    """

    def __init__(
        self,
        name: str,
        class_names: Sequence[str],
        entries: Sequence[Entry],
        store: Store,
        *,
        where: str,
        layout: str = "",
        hint: str = "",
        least_classes: int = 2,
    ) -> None:
        self.name = name
        self.class_names = tuple(class_names)
        self._entries = entries
        self._store = store
        self._layout = layout or name
        self._check_classes(where, hint, least_classes)

    def __len__(self) -> int:
        return len(self._entries)

    def image_id(self, index: int) -> str:
        return self._entries[index].name

    def label(self, index: int) -> int:
        return self._entries[index].label

    def read(self, index: int) -> Image:
        name = self._entries[index].name
        return decode(self._store.read(name), self._store.where(name))

    def digest(self, index: int) -> bytes:
        return self._digests[index]

    @cached_property
    def _digests(self) -> list[bytes]:
        return [self._store.digest(entry.name) for entry in self._entries]

    def fingerprint(self) -> str:
        known = zip(self._entries, self._digests, strict=True)
        entries = (f"{label} {name} {digest.hex()}" for (name, label), digest in known)
        return fingerprint([self._layout, *self.class_names, *entries])

    def _check_classes(self, where: str, hint: str, least: int) -> None:
        if len(self.class_names) < least:
            raise DataError(f"{where}: needs at least two classes to learn what tells them apart")
        seen = {entry.label for entry in self._entries}
        empty = [name for label, name in enumerate(self.class_names) if label not in seen]
        if empty:
            raise DataError(
                f"{where}: no photographs of {', '.join(map(repr, empty))}; add some or remove the class"
                f"{hint and f' ({hint})'}"
            )


def fingerprint(parts: Iterable[object]) -> str:
    """Hex digest of the parts' text, the same in every process; parts can't run into each other."""
    digest = sha256()
    for part in parts:
        text = str(part).encode("utf-8", "surrogateescape")
        digest.update(len(text).to_bytes(8, "little") + text)
    return digest.hexdigest()
