"""Files: written so that a crash or a full disk leaves the earlier one whole, and told apart when moved."""

from __future__ import annotations

import filecmp
import os
import tempfile
from pathlib import Path


def write_atomic(path: Path, data: bytes) -> None:
    """Write `data` beside `path`, then rename: the file is there whole or as it was before.

    Raises:
        OSError: If the folder can't be written or the disk is full.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    beside = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.chmod(0o666 & ~_umask())  # mkstemp lets nobody else read
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def same_file(now: Path, before: Path) -> bool:
    """Whether the file `now` can be the one that was at `before`: it is there, and has that one's content.

    Neither a name nor a length tells a moved photograph from another one of the same camera; where nothing is
    at `before` any more, the name has to do.
    """
    if not now.exists():
        return False
    try:
        return now.samefile(before) or filecmp.cmp(now, before, shallow=False)
    except OSError:
        return True


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
