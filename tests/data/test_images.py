"""Decoding: every kind of file that people have, and every kind that only looks like one."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as PillowImage

from aln.data.base import Image
from aln.data.images import decode, read_image, read_mask, read_size, resize_to_input
from aln.errors import DataError

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def _quadrants() -> PillowImage.Image:
    """30x20: red top left, blue top right, green bottom left, black bottom right."""
    pixels = np.zeros((20, 30, 3), np.uint8)
    pixels[:10, :15], pixels[:10, 15:], pixels[10:, :15] = RED, BLUE, GREEN
    return PillowImage.fromarray(pixels)


def _transparent() -> PillowImage.Image:
    """The same, fully transparent."""
    image = _quadrants()
    image.putalpha(0)
    return image


def _encoded(image: PillowImage.Image, kind: str, **options: Any) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def _photo(kind: str) -> bytes:
    pixels = cv2.resize(np.random.default_rng(0).integers(0, 255, (16, 16, 3), dtype=np.uint8), (128, 128))
    return _encoded(PillowImage.fromarray(pixels), kind)


def _png(width: int, height: int) -> bytes:
    """A PNG that is all header: says `width`x`height`, holds next to nothing."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(b"\0" * 100)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


KINDS = {
    "jpeg": _encoded(_quadrants(), "JPEG", quality=95, subsampling=0),
    "png": _encoded(_quadrants(), "PNG"),
    "bmp": _encoded(_quadrants(), "BMP"),
    "webp": _encoded(_quadrants(), "WEBP", lossless=True),
    "tiff": _encoded(_quadrants(), "TIFF"),
    "ppm": _encoded(_quadrants(), "PPM"),
    "jpeg 2000": _encoded(_quadrants(), "JPEG2000"),
    "cmyk jpeg": _encoded(_quadrants().convert("CMYK"), "JPEG", quality=95),
    "cmyk tiff": _encoded(_quadrants().convert("CMYK"), "TIFF"),
    "palette png": _encoded(_quadrants().convert("P"), "PNG"),
    "alpha png": _encoded(_quadrants().convert("RGBA"), "PNG"),
    "alpha webp": _encoded(_quadrants().convert("RGBA"), "WEBP", lossless=True),
    "unassociated alpha tiff": _encoded(_transparent(), "TIFF"),
    "transparent png": _encoded(_transparent(), "PNG"),
    "animated gif": _encoded(
        _quadrants(), "GIF", save_all=True, append_images=[PillowImage.new("RGB", (30, 20), "white")]
    ),
}


@pytest.mark.parametrize("data", KINDS.values(), ids=KINDS.keys())
def test_every_kind_becomes_rgb(data: bytes) -> None:
    image = decode(data, "photo")
    assert image.shape == (20, 30, 3)
    assert image.dtype == np.uint8
    corners = image[[2, 2, 17], [2, 27, 2]].astype(int)
    assert np.abs(corners - [RED, BLUE, GREEN]).max() <= 12


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize(
    ("orientation", "corner"),
    [
        (1, (0, 0)),
        (2, (0, -1)),
        (3, (-1, -1)),
        (4, (-1, 0)),
        (5, (0, 0)),
        (6, (0, -1)),
        (7, (-1, -1)),
        (8, (-1, 0)),
    ],
)
def test_exif_orientation_is_applied(kind: str, orientation: int, corner: tuple[int, int]) -> None:
    exif = PillowImage.Exif()
    exif[0x112] = orientation
    image = decode(_encoded(_quadrants(), kind, exif=exif), "photo")
    assert image.shape == ((20, 30, 3) if orientation < 5 else (30, 20, 3))
    assert np.abs(image[corner].astype(int) - RED).max() <= 12


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "BMP", "GIF"])
@pytest.mark.parametrize("orientation", [None, 1, 3, 6, 8])
def test_the_size_is_that_of_the_image_read(tmp_path: Path, kind: str, orientation: int | None) -> None:
    exif = PillowImage.Exif()
    if orientation is not None:
        exif[0x112] = orientation
    (tmp_path / "photo").write_bytes(_encoded(_quadrants(), kind, exif=exif))
    assert read_size(tmp_path / "photo") == read_image(tmp_path / "photo").shape[:2]


@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_the_exif_of_a_png_may_follow_its_pixels(tmp_path: Path, orientation: int) -> None:
    exif = PillowImage.Exif()
    exif[0x112] = orientation
    data = _encoded(_quadrants(), "PNG", exif=exif)
    start = data.index(b"eXIf") - 4
    length = 12 + int.from_bytes(data[start : start + 4], "big")
    late = data[:start] + data[start + length : -12] + data[start : start + length] + data[-12:]
    (tmp_path / "photo.png").write_bytes(late)
    shape = (20, 30) if orientation < 5 else (30, 20)
    assert read_size(tmp_path / "photo.png") == read_image(tmp_path / "photo.png").shape[:2] == shape


def test_a_size_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_bytes(b"hello, this is no photograph")
    for name in ("text.jpg", "gone.jpg"):
        with pytest.raises(DataError, match=rf"{name}: its size can't be read"):
            read_size(tmp_path / name)


def test_a_damaged_exif_tells_no_orientation(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(_encoded(_quadrants(), "JPEG", exif=b"Exif\0\0MM\0"))
    assert read_size(tmp_path / "photo.jpg") == read_image(tmp_path / "photo.jpg").shape[:2]


def _object(dtype: type[np.generic], value: float, *shape: int) -> Any:
    """Zeros of 20x30 but for the top left quarter."""
    pixels = np.zeros((20, 30, *shape), dtype)
    pixels[:10, :15] = value
    return pixels


def _opaque(pixels: Any, everywhere: float) -> Any:
    return np.concatenate([pixels, np.full((*pixels.shape[:2], 1), everywhere, pixels.dtype)], axis=2)


def _blue(dtype: type[np.generic]) -> Any:
    """1 in one channel alone."""
    pixels = _object(dtype, 0, 3)
    pixels[:10, :15, 0] = 1
    return pixels


MASKS = {
    "8 bits": cv2.imencode(".png", _object(np.uint8, 1))[1].tobytes(),
    "16 bits": cv2.imencode(".png", _object(np.uint16, 1))[1].tobytes(),
    "16 bits, 255": cv2.imencode(".png", _object(np.uint16, 255))[1].tobytes(),
    "colour": cv2.imencode(".png", _blue(np.uint8))[1].tobytes(),
    "16 bits of colour": cv2.imencode(".png", _blue(np.uint16))[1].tobytes(),
    "opaque all over": cv2.imencode(".png", _opaque(_blue(np.uint8), 255))[1].tobytes(),
    "16 bits, opaque all over": cv2.imencode(".png", _opaque(_blue(np.uint16), 65535))[1].tobytes(),
    "white under a transparent rest": _encoded(
        PillowImage.fromarray(
            np.dstack([np.full((20, 30, 3), 255, np.uint8), _object(np.uint8, 255, 1)]), "RGBA"
        ),
        "PNG",
    ),
    "grey and alpha": _encoded(PillowImage.fromarray(_opaque(_object(np.uint8, 1, 1), 255), "LA"), "PNG"),
    "one bit": _encoded(PillowImage.fromarray(_object(np.bool_, 1)), "PNG"),
    "palette": _encoded(PillowImage.fromarray(_object(np.uint8, 9)).convert("P"), "PNG"),
    "gif": _encoded(PillowImage.fromarray(_object(np.uint8, 1)), "GIF"),
    "16-bit pgm": _encoded(PillowImage.fromarray(_object(np.uint16, 1)), "PPM"),
    "16-bit tiff": _encoded(PillowImage.fromarray(_object(np.uint16, 1)), "TIFF"),
    "float tiff": _encoded(PillowImage.fromarray(_object(np.float32, 0.001)), "TIFF"),
    "32-bit tiff": _encoded(PillowImage.fromarray(_object(np.int32, 1)), "TIFF"),
}


@pytest.mark.parametrize("data", MASKS.values(), ids=MASKS.keys())
def test_a_mask_is_all_but_0(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "mask.png").write_bytes(data)
    mask = read_mask(tmp_path / "mask.png")
    assert mask.dtype == np.bool_
    np.testing.assert_array_equal(mask, _object(np.bool_, 1))


def test_alpha_alone_is_no_object(tmp_path: Path) -> None:
    """Black on transparent: nothing tells it from black on black."""
    pixels = np.dstack([np.zeros((20, 30, 3), np.uint8), _object(np.uint8, 255, 1)])
    (tmp_path / "mask.png").write_bytes(_encoded(PillowImage.fromarray(pixels, "RGBA"), "PNG"))
    assert not read_mask(tmp_path / "mask.png").any()


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_masks_turn_with_their_photographs(tmp_path: Path, kind: str) -> None:
    exif = PillowImage.Exif()
    exif[0x112] = 6
    pixels = np.dstack([_object(np.uint8, 255, 3), np.full((20, 30), 255, np.uint8)])
    image = PillowImage.fromarray(pixels, "RGBA")
    (tmp_path / "mask").write_bytes(
        _encoded(image, kind, exif=exif, **({} if kind == "PNG" else {"lossless": True}))
    )
    np.testing.assert_array_equal(read_mask(tmp_path / "mask"), np.rot90(_object(np.bool_, 1), -1))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"hello", "not an image"),
        (_png(30_000, 30_000), "100 million"),
        (_png(20, 30), "damaged"),
    ],
    ids=["zero bytes", "text", "bomb", "no pixels"],
)
def test_bad_masks_are_refused_by_name(tmp_path: Path, data: bytes, reason: str) -> None:
    (tmp_path / "mask.png").write_bytes(data)
    with pytest.raises(DataError, match=rf"mask\.png: .*{reason}"):
        read_mask(tmp_path / "mask.png")


@pytest.mark.parametrize("mode", ["L", "1", "LA"])
def test_grey_becomes_three_equal_channels(mode: str) -> None:
    image = decode(_encoded(_quadrants().convert(mode), "PNG"), "photo")
    assert (image == image[..., :1]).all()


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "PPM", "JPEG2000"])
def test_sixteen_bits_are_scaled_not_clipped(kind: str) -> None:
    ramp = np.linspace(0, 65535, 600).astype(np.uint16).reshape(20, 30)
    image = decode(_encoded(PillowImage.fromarray(ramp), kind), "photo")
    np.testing.assert_allclose(image[..., 0], ramp / 257, atol=1)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP"])
def test_one_pixel(kind: str) -> None:
    assert decode(_encoded(PillowImage.new("RGB", (1, 1), RED), kind), "photo").shape == (1, 1, 3)


BAD = {
    "zero bytes": (b"", "empty"),
    "text": (b"hello, this is no photograph", "not an image"),
    "html": (b"<!doctype html><p>404</p>", "not an image"),
    "postscript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not an image"),
    "magic only": (b"\xff\xd8\xff", "image|header|truncated"),
    "bomb": (_png(30_000, 30_000), "100 million"),
    "bomb that Pillow lets pass": (_png(10_001, 10_000), "100 million"),
    "float tiff": (_encoded(_quadrants().convert("F"), "TIFF"), "8 bits"),
    "float tiff of three": (
        cv2.imencode(".tif", np.zeros((20, 30, 3), np.float32))[1].tobytes(),
        "is a TIFF with 3 channels of 32-bit floating-point numbers; save it as RGB with 8 bits",
    ),
}


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize(("data", "reason"), BAD.values(), ids=BAD.keys())
def test_bad_files_are_refused_by_name(data: bytes, reason: str) -> None:
    with pytest.raises(DataError, match=f"^my photo.jpg: .*({reason})"):
        decode(data, "my photo.jpg")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "GIF", "WEBP", "TIFF", "JPEG2000", "AVIF"])
@pytest.mark.parametrize("kept", [0.02, 0.5, 0.95])
def test_truncated_files_are_refused(kind: str, kept: float, capfd: pytest.CaptureFixture[str]) -> None:
    data = _photo(kind)
    with pytest.raises(DataError, match=r"^half\.x: "):
        decode(data[: int(len(data) * kept)], "half.x")
    assert capfd.readouterr().err == ""


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(["JPEG", "PNG", "GIF"]), st.data())
def test_damaged_bytes_give_an_image_or_a_data_error(kind: str, data: st.DataObject) -> None:
    content = bytearray(KINDS[{"JPEG": "jpeg", "PNG": "png", "GIF": "animated gif"}[kind]])
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        image = decode(bytes(content), "x")
    except DataError:
        return
    assert image.dtype == np.uint8
    assert image.shape[2] == 3


@pytest.mark.parametrize("name", ["a photo.png", "Käse größe.png", "写真 1.png", "UPPER.PNG"])
def test_any_file_name_works(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(KINDS["png"])
    assert read_image(tmp_path / name).shape == (20, 30, 3)


def test_paths_that_are_no_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is a folder"):
        read_image(tmp_path)
    with pytest.raises(DataError, match=r"gone\.jpg: can't be read \(No such file"):
        read_image(tmp_path / "gone.jpg")


@pytest.mark.parametrize(
    "shape",
    [(64, 64), (1, 1), (1, 500), (500, 1), (480, 640), (10, 10), (65, 63)],
    ids=lambda s: f"{s[0]}x{s[1]}",
)
def test_resize_to_input_keeps_the_mean(shape: tuple[int, int]) -> None:
    ramp = np.linspace(0, 255, shape[0] * shape[1]).reshape(shape)
    image: Image = np.repeat(ramp[..., None], 3, axis=2).astype(np.uint8)
    resized = resize_to_input(image, 64)
    assert resized.shape == (64, 64, 3)
    assert resized.dtype == np.uint8
    assert abs(resized.mean() - image.mean()) < 2


def test_shrinking_averages_instead_of_skipping() -> None:
    checkerboard = np.indices((128, 128)).sum(0) % 2 * 255
    image: Image = np.repeat(checkerboard[..., None], 3, axis=2).astype(np.uint8)
    assert set(np.unique(resize_to_input(image, 64))) <= {127, 128}
