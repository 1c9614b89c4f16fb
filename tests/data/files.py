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


def write_eth80(root: Path) -> Path:
    """Two classes of ETH-80, instances 1, 8, 9 and 10, and two classes of Tiny-ImageNet beside them."""
    mask = np.zeros((24, 24), np.uint8)
    mask[6:20, 4:14] = 255
    files: dict[str, bytes | str] = {}
    for name, level in (("apple", 200), ("cup", 90)):
        for instance in (1, 8, 9, 10):
            stem = f"{name}/{name}{instance}-{name}{instance}-000-045"
            files[f"eth-80/images/{stem}.jpg"] = encoded(
                np.full((24, 24, 3), level + instance, np.uint8), "JPEG"
            )
            files[f"eth-80/masks/{stem}.png"] = encoded(mask)
    backgrounds: dict[str, bytes | str] = {"wnids.txt": "n01\nn02\n", "words.txt": "n01\tcat\n"}
    backgrounds |= {
        f"train/{wnid}/images/{wnid}_{number}.JPEG": photo(size=(16, 16), seed=number)
        for wnid in ("n01", "n02")
        for number in (0, 1, 450)
    }
    backgrounds |= {f"val/images/val_{number}.JPEG": photo(size=(16, 16), seed=number) for number in range(2)}
    write_files(root / "tiny-imagenet-100", backgrounds)
    return write_zip(root / "eth-80" / "eth80-24.zip", files)
