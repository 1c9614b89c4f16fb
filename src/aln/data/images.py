"""Image files to RGB uint8 arrays, whatever the format, with errors that name the file and the way out."""

from __future__ import annotations

import os
import struct
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, ImageOps, TiffImagePlugin, UnidentifiedImageError
from PIL import Image as PillowImage

from aln.data.base import Image
from aln.errors import DataError

IMAGE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".avif", ".jp2", ".ppm", ".pgm"}
)
"""Suffixes (lower case) by which folders are searched; what a file really holds is read from its header."""

OTHER_SUFFIXES = frozenset(
    {".heic", ".heif", ".hif", ".jfif", ".jpe", ".jxl", ".jxr", ".jpf", ".jpx", ".j2k", ".pnm", ".pbm"}
    | {".raw", ".dng", ".cr2", ".cr3", ".crw", ".nef", ".nrw", ".arw", ".srf", ".sr2", ".orf", ".raf", ".rw2"}
    | {".pef", ".srw", ".x3f", ".3fr", ".iiq", ".psd", ".xcf", ".svg", ".eps", ".ai", ".pdf", ".exr", ".dcm"}
    | {".tga"}
)
"""Suffixes (lower case) of pictures that are not read: they are counted, so that none is missed unnoticed."""

MAX_PIXELS = 100_000_000
MAX_BYTES = 2**30

_FORMATS = ("JPEG", "PNG", "BMP", "GIF", "WEBP", "TIFF", "AVIF", "JPEG2000", "PPM")
_OPENCV_FORMATS = frozenset({"JPEG", "MPO", "PNG", "BMP", "TIFF"})
_LAST_UPRIGHT = 4  # the EXIF orientations after it swap height and width
_LONGEST_EXIF = 2**16

_UNASSOCIATED = 2  # of TIFF's extra samples: an alpha that colours are not multiplied by
_TIFF_NUMBERS = {1: "unsigned", 2: "signed", 3: "floating-point", 5: "complex", 6: "complex"}


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
    found = _header_format(data, name, max_pixels)
    quick = found in _OPENCV_FORMATS and not (found == "TIFF" and _has_unassociated_alpha(data))
    image = _with_opencv(data, cv2.IMREAD_COLOR) if quick else None
    return _with_pillow(data, name) if image is None else image


def read_size(path: Path) -> tuple[int, int]:
    """Height and width of the image that `read_image` gives, from the file's header alone.

    Raises:
        DataError: If the file can't be read or is no image; names it.
    """
    try:
        with PillowImage.open(path, formats=_FORMATS) as header:
            width, height = header.size
            # Pillow turns a TIFF's size itself.
            turned = header.format != "TIFF" and _orientation(_exif(header, path)) > _LAST_UPRIGHT
    except Exception as error:  # decoders raise anything on malformed bytes
        raise DataError(f"{path}: its size can't be read ({error}); replace or remove it") from error
    return (width, height) if turned else (height, width)


def read_mask(path: Path) -> NDArray[np.bool_]:
    """Read a mask file: bool (H, W), EXIF orientation applied as to a photograph.

    Object is every pixel with anything but 0 in some colour channel, at any bit depth: 1 of 65,535 counts as
    255 of 255 does. Alpha is no channel of these: a picture without it and one that is opaque all over are
    the same mask. But a fully transparent pixel shows nothing, so it is no object whatever its colour.

    Raises:
        DataError: As `decode` does.
    """
    data, name = read_bytes(path), str(path)
    quick = _header_format(data, name, MAX_PIXELS) in _OPENCV_FORMATS
    colours = _with_opencv(data, cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH) if quick else None
    shown = None if colours is None else _any_colour(colours)
    try:
        with PillowImage.open(BytesIO(data), formats=_FORMATS) as file:
            if shown is None:
                image = ImageOps.exif_transpose(file)
                pixels = np.array(image if _is_deep(image.mode) else image.convert("RGB"))
                shown = _any_colour(pixels.reshape(*pixels.shape[:2], -1))
            if file.has_transparency_data:
                shown &= np.array(ImageOps.exif_transpose(file).convert("RGBA"))[..., 3] > 0
    except Exception as error:  # decoders raise anything on malformed bytes
        raise DataError(f"{name}: is truncated or damaged ({error}); replace or remove it") from error
    return shown


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
    if not data:
        raise DataError(f"{name}: is empty (0 bytes); replace or remove it")
    try:
        with PillowImage.open(BytesIO(data), formats=_FORMATS) as header:
            width, height = header.size
            found = str(header.format)
    except (PillowImage.DecompressionBombError, PillowImage.DecompressionBombWarning) as error:
        raise DataError(f"{name}: {_too_large(max_pixels)}") from error
    except UnidentifiedImageError as error:
        reason = _unread_tiff(data) or "is not an image, or is truncated; replace or remove it"
        raise DataError(f"{name}: {reason}") from error
    except Exception as error:  # decoders raise anything on malformed bytes
        raise DataError(f"{name}: its header is damaged ({error}); replace or remove it") from error
    if width * height > max_pixels:
        raise DataError(f"{name}: {_too_large(max_pixels)}, its header says {width}x{height}")
    return found


def _too_large(max_pixels: int) -> str:
    return f"has more than {max_pixels // 10**6} million pixels; scale it down or remove it"


def _with_opencv(data: bytes, flags: int) -> NDArray[Any] | None:
    """Fast path: None where OpenCV fails, so that Pillow can read the file or say why not."""
    level = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        bgr = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error:
        return None
    finally:
        cv2.utils.logging.setLogLevel(level)
    if bgr is None:
        return None
    rgb: NDArray[Any] = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
    return rgb


def _with_pillow(data: bytes, name: str) -> Image:
    try:
        with PillowImage.open(BytesIO(data), formats=_FORMATS) as file:
            mode = file.mode
            sixteen = mode.startswith("I;16") or (file.format, mode) == ("PPM", "I")
            upright = ImageOps.exif_transpose(file)
            image = _upper_halves(upright) if sixteen else np.array(upright.convert("RGB"))
    except Exception as error:  # decoders raise anything on malformed bytes
        raise DataError(f"{name}: is truncated or damaged ({error}); replace or remove it") from error
    if _is_deep(mode) and not sixteen:  # Pillow clips these instead of scaling
        raise DataError(f"{name}: has {mode!r} pixels; save it with 8 bits a channel")
    return image


def _upper_halves(grey: PillowImage.Image) -> Image:
    """16 bits to 8, as OpenCV does."""
    return np.repeat((np.array(grey) >> 8).astype(np.uint8)[..., None], 3, axis=2)


def _has_unassociated_alpha(tiff: bytes) -> bool:
    """Whether OpenCV would multiply the colours by an alpha that is to be dropped."""
    try:
        return _UNASSOCIATED in _tiff_tags(tiff).get(ExifTags.Base.ExtraSamples, ())
    except Exception:  # it raises anything on malformed bytes
        return False


def _tiff_tags(data: bytes) -> TiffImagePlugin.ImageFileDirectory_v2:
    tags = TiffImagePlugin.ImageFileDirectory_v2(data[: 16 if b"+" in data[2:4] else 8])  # BigTIFF: 43
    file = BytesIO(data)
    file.seek(tags.next)
    tags.load(file)
    return tags


def _unread_tiff(data: bytes) -> str:
    """What the pixels of a TIFF are that Pillow can't open; empty where `data` doesn't tell."""
    try:
        tags = _tiff_tags(data)
        bits, channels = tags[ExifTags.Base.BitsPerSample], tags[ExifTags.Base.SamplesPerPixel]
        kind = _TIFF_NUMBERS[tags.get(ExifTags.Base.SampleFormat, (1,))[0]]
        tags[ExifTags.Base.StripOffsets]  # the header is whole
    except Exception:  # it raises anything on malformed bytes
        return ""
    numbers = f"{channels} channels of {bits[0]}-bit {kind} numbers"
    return f"is a TIFF with {numbers}; save it as RGB with 8 bits a channel"


def _is_deep(mode: str) -> bool:
    """Whether Pillow holds more than 8 bits a channel."""
    return mode in ("I", "F") or mode.startswith("I;16")


def _any_colour(pixels: NDArray[Any]) -> NDArray[np.bool_]:
    return np.asarray(pixels.any(axis=2), np.bool_)


def _exif(header: PillowImage.Image, path: Path) -> bytes:
    return _png_exif(path) if header.format == "PNG" else header.info.get("exif", b"")


def _png_exif(path: Path) -> bytes:
    """A PNG's EXIF, which may follow the pixels; Pillow would decode these to get at it."""
    with path.open("rb") as file:
        file.seek(8)
        while len(head := file.read(8)) == 8:
            length, kind = struct.unpack(">I4s", head)
            if kind == b"eXIf":
                return file.read(min(length, _LONGEST_EXIF))
            file.seek(length + 4, os.SEEK_CUR)  # the chunk and its checksum
    return b""


def _orientation(content: bytes) -> int:
    """The orientation 1..8 that EXIF tells; 1 where there is none, or none that can be read."""
    exif = PillowImage.Exif()
    try:
        exif.load(content)
    except Exception:  # it raises anything on malformed bytes; decoders take such a file as upright
        return 1
    return int(exif.get(ExifTags.Base.Orientation, 1))
