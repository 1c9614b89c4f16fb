"""Image files to RGB uint8 arrays, whatever the format, with errors that name the file and the way out."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as PillowImage
from PIL import ImageOps, UnidentifiedImageError

from aln.data.base import Image
from aln.errors import DataError

IMAGE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".avif", ".jp2", ".ppm", ".pgm"}
)
"""Suffixes (lower case) by which folders are searched; what a file really holds is read from its header."""

MAX_PIXELS = 100_000_000
MAX_BYTES = 2**30

_FORMATS = ("JPEG", "PNG", "BMP", "GIF", "WEBP", "TIFF", "AVIF", "JPEG2000", "PPM")
_OPENCV_FORMATS = frozenset({"JPEG", "MPO", "PNG", "BMP", "TIFF"})


def read_bytes(path: Path) -> bytes:
    """The content of a file of at most 1 GiB.

    Raises:
        DataError: If it is missing, a folder, too large, or can't be read; names the file.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise DataError(f"{path}: is larger than 1 GiB, no photograph is; remove it")
        return path.read_bytes()
    except IsADirectoryError as error:
        raise DataError(f"{path}: is a folder, not an image; name the files inside it") from error
    except OSError as error:
        raise DataError(
            f"{path}: can't be read ({error.strerror}); check the path and permissions"
        ) from error


def read_image(path: Path) -> Image:
    """Read an image file as RGB uint8 (H, W, 3), EXIF orientation applied; see `decode`."""
    return decode(read_bytes(path), str(path))


def decode(data: bytes, name: str, max_pixels: int = MAX_PIXELS) -> Image:
    """Decode an image file's bytes to RGB uint8 (H, W, 3), EXIF orientation applied.

    Grey, palette, CMYK and 16-bit images become 8-bit RGB; alpha is dropped; an animation
    gives its first frame.

    Args:
        data: The whole content of the file.
        name: What error messages call it.
        max_pixels: Larger images are refused; at most `MAX_PIXELS`.

    Raises:
        DataError: If it is empty, truncated, damaged, no image, or its header says more than `max_pixels`
            (refused before a pixel is decoded).
    """
    if not data:
        raise DataError(f"{name}: is empty (0 bytes); replace or remove it")
    image = _with_opencv(data) if _header_format(data, name, max_pixels) in _OPENCV_FORMATS else None
    return _with_pillow(data, name) if image is None else image


def resize_to_input(image: Image, size: int) -> Image:
    """Squash an image of any shape to the network's square input, uint8 (size, size, 3).

    The aspect ratio is not kept, so that every pixel of the photograph stays visible to the network.
    Each side shrinks by area averaging, or grows linearly.
    """
    height, width = image.shape[:2]
    shrunk = cv2.resize(image, (min(width, size), min(height, size)), interpolation=cv2.INTER_AREA)
    resized: Image = cv2.resize(shrunk, (size, size), interpolation=cv2.INTER_LINEAR)
    return resized


def _header_format(data: bytes, name: str, max_pixels: int) -> str:
    """The format's name, read with the size from the header alone."""
    try:
        with PillowImage.open(BytesIO(data), formats=_FORMATS) as header:
            width, height = header.size
            found = str(header.format)
    except (PillowImage.DecompressionBombError, PillowImage.DecompressionBombWarning) as error:
        raise DataError(f"{name}: {_too_large(max_pixels)}") from error
    except UnidentifiedImageError as error:
        raise DataError(f"{name}: is not an image, or is truncated; replace or remove it") from error
    except Exception as error:  # decoders raise anything on malformed bytes
        raise DataError(f"{name}: its header is damaged ({error}); replace or remove it") from error
    if width * height > max_pixels:
        raise DataError(f"{name}: {_too_large(max_pixels)}, its header says {width}x{height}")
    return found


def _too_large(max_pixels: int) -> str:
    return f"has more than {max_pixels // 10**6} million pixels; scale it down or remove it"


def _with_opencv(data: bytes) -> Image | None:
    """Fast path: None where OpenCV fails, so that Pillow can read the file or say why not."""
    level = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        return None
    finally:
        cv2.utils.logging.setLogLevel(level)
    if bgr is None:
        return None
    rgb: Image = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
    return rgb


def _with_pillow(data: bytes, name: str) -> Image:
    try:
        with PillowImage.open(BytesIO(data), formats=_FORMATS) as file:
            mode = file.mode
            image = np.array(ImageOps.exif_transpose(file).convert("RGB"))
    except Exception as error:  # decoders raise anything on malformed bytes
        raise DataError(f"{name}: is truncated or damaged ({error}); replace or remove it") from error
    if mode in ("I", "F") or mode.startswith("I;16"):  # Pillow clips these instead of scaling
        raise DataError(f"{name}: has {mode!r} pixels; save it with 8 bits a channel")
    return image
