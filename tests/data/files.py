"""Small data sets on disk, in memory or in zips, for the tests of the formats."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image as PillowImage


def photo(kind: str = "JPEG", size: tuple[int, int] = (12, 8), seed: int = 0) -> bytes:
    """An encoded photograph of `size` (width, height)."""
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    return encoded(pixels, kind)


def encoded(pixels: np.ndarray, kind: str = "PNG") -> bytes:
    """`pixels`, uint8 (H, W) or (H, W, 3), as an image file."""
    buffer = BytesIO()
    PillowImage.fromarray(pixels).save(buffer, kind)
    return buffer.getvalue()


def write_files(root: Path, files: Mapping[str, bytes | str]) -> Path:
    """Write files by relative name, and return `root`."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def write_zip(path: Path, files: Mapping[str, bytes | str]) -> Path:
    """Write a zip archive with the members `files`, and return its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path.parent
