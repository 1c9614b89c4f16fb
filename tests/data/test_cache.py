"""The image cache: built once, whole or not at all, rebuilt when anything that made it changes."""

from __future__ import annotations

import errno
import io
import multiprocessing
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aln.config import SuperpixelConfig
from aln.data import cache as cache_module
from aln.data.base import Image, LabelledImages, shared_ids
from aln.data.cache import ImageCache, default_cache_root, open_cache
from aln.errors import DataError
from aln.superpixels import segment

GRID = SuperpixelConfig(algorithm="grid", count=16)


class Colours(LabelledImages):
    """Small images of two classes; those named in `bad` can't be read."""

    def __init__(
        self, count: int = 6, *, bad: tuple[int, ...] = (), content: str = "a", log: Path | None = None
    ):
        self.name = "colours"
        self.class_names = ("even", "odd")
        self.reads = 0
        self._count, self._bad, self._content, self._log = count, bad, content, log

    def __len__(self) -> int:
        return self._count

    def image_id(self, index: int) -> str:
        return f"photo {index}.png"

    def label(self, index: int) -> int:
        return index % 2

    def read(self, index: int) -> Image:
        self.reads += 1
        if self._log:
            with self._log.open("a") as log:
                log.write(f"{index}\n")
        if index in self._bad:
            raise DataError(f"photo {index}.png: is truncated; replace or remove it")
        return np.random.default_rng(index).integers(0, 256, (40, 30, 3), dtype=np.uint8)

    def fingerprint(self) -> str:
        return f"{self._content}{self._count}"


def _opened(images: Colours, root: Path, **settings: Any) -> ImageCache:
    return open_cache(images, 32, settings.pop("superpixels", GRID), root, **settings)


def test_arrays_hold_what_was_read(tmp_path: Path) -> None:
    images = Colours()
    cache = _opened(images, tmp_path)
    assert len(cache) == 6
    assert cache.images.shape == (6, 32, 32, 3)
    assert cache.segments.dtype == np.uint8
    assert cache.labels.tolist() == [0, 1, 0, 1, 0, 1]
    assert cache.ids == tuple(images.image_id(index) for index in range(6))
    assert cache.class_names == ("even", "odd")
    assert cache.failures == ()
    assert cache.n_segments == int(cache.segments.max()) + 1
    for image, segments in zip(cache.images, cache.segments, strict=True):
        np.testing.assert_array_equal(segments, segment(np.array(image), GRID))
    with pytest.raises(ValueError, match="read-only"):
        cache.images[0] = 0


def test_mean_and_std_are_those_of_all_pixels(tmp_path: Path) -> None:
    cache = _opened(Colours(), tmp_path)
    pixels = cache.images.reshape(-1, 3) / 255
    np.testing.assert_allclose(cache.mean, pixels.mean(0), rtol=1e-9)
    np.testing.assert_allclose(cache.std, pixels.std(0), rtol=1e-9)


def test_images_of_any_kind_have_a_digest_of_their_content() -> None:
    images, renamed = Colours(4), Colours(2, content="b")
    assert shared_ids(images, renamed) == ["photo 0.png", "photo 1.png"]


def test_second_opening_reads_nothing(tmp_path: Path) -> None:
    _opened(Colours(), tmp_path)
    images = Colours()
    assert len(_opened(images, tmp_path)) == 6
    assert images.reads == 0


@pytest.mark.parametrize(
    ("images", "settings"),
    [
        (Colours(content="b"), {}),
        (Colours(), {"superpixels": SuperpixelConfig(algorithm="grid", count=25)}),
        (Colours(), {"superpixels": SuperpixelConfig(algorithm="grid", count=16, compactness=9)}),
    ],
    ids=["content", "superpixel count", "compactness"],
)
def test_another_key_makes_another_cache(tmp_path: Path, images: Colours, settings: dict[str, Any]) -> None:
    _opened(Colours(), tmp_path)
    _opened(images, tmp_path, **settings)
    assert images.reads == 6


def test_changed_superpixel_code_makes_another_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _opened(Colours(), tmp_path)
    monkeypatch.setattr(cache_module, "segment", lambda image, _: np.zeros(image.shape[:2], np.int32))
    images = Colours()
    assert _opened(images, tmp_path).n_segments == 1
    assert images.reads == 6


def test_more_than_256_superpixels_need_two_bytes(tmp_path: Path) -> None:
    cache = _opened(Colours(), tmp_path, superpixels=SuperpixelConfig(algorithm="grid", count=400))
    assert cache.segments.dtype == np.uint16
    assert cache.n_segments == int(cache.segments.max()) + 1 > 256


def _in_use(path: Path) -> list[Path]:
    """The file, or files in the folder, that this process has open or mapped into its memory."""
    opened = [link.readlink() for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    mapped = map(Path, Path("/proc/self/maps").read_text().split())
    return [used for used in (*opened, *mapped) if used.is_relative_to(path)]


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="asks Linux which files are in use")
@pytest.mark.parametrize("count", [16, 400], ids=["narrow", "wide"])
def test_no_file_is_moved_while_it_is_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    """Windows refuses that."""
    moved: list[str] = []
    used: list[Path] = []

    def watching(path: Path, target: Path) -> None:
        moved.append(path.name)
        used.extend(_in_use(path) + _in_use(target))
        os.replace(path, target)  # noqa: PTH105  (Path.replace is what this stands in for)

    monkeypatch.setattr(Path, "replace", watching)
    monkeypatch.setattr(Path, "rename", watching)
    _opened(Colours(), tmp_path, superpixels=SuperpixelConfig(algorithm="grid", count=count))
    assert len(moved) == (2 if count == 16 else 1)  # the segments, the folder
    assert used == []


@pytest.mark.parametrize("name", ["images.npy", "segments.npy", "labels.npy", "meta.json"])
@pytest.mark.parametrize("damage", ["cut", "emptied", "deleted"])
def test_damaged_cache_is_rebuilt(tmp_path: Path, name: str, damage: str) -> None:
    _opened(Colours(), tmp_path)
    (file,) = tmp_path.glob(f"*/{name}")
    content = file.read_bytes()
    file.unlink()
    if damage != "deleted":
        file.write_bytes(content[: len(content) // 2] if damage == "cut" else b"")
    images = Colours()
    assert len(_opened(images, tmp_path)) == 6
    assert images.reads == 6


def test_interrupted_build_leaves_nothing_that_is_mistaken_for_a_cache(tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _opened(Colours(), tmp_path, progress=stop)
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]
    leftover = tmp_path / "colours-0.building"
    leftover.mkdir()
    assert len(_opened(Colours(), tmp_path)) == 6


class _FullDisk(io.RawIOBase):
    """A file that takes nothing, and counts how often that was tried."""

    def __init__(self) -> None:
        self._tried = 0

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return 0

    def write(self, data: object, /) -> int:
        self._tried += 1
        raise OSError(errno.ENOSPC, f"No space left, try {self._tried}")


@pytest.mark.parametrize("name", ["images.npy", "segments.npy", "segments.narrow"])
def test_full_disk_is_told_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def opened(path: Path, mode: str, real: Any = Path.open) -> Any:
        return io.BufferedWriter(_FullDisk(), 8192) if path.name == name else real(path, mode)

    monkeypatch.setattr(Path, "open", opened)
    with pytest.raises(DataError, match=r"can't be written \(No space left, try 1\); make room"):
        _opened(Colours(), tmp_path)
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]


def test_file_that_can_not_even_be_begun_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def opened(path: Path, mode: str, real: Any = Path.open) -> Any:
        if path.name == "segments.npy":
            raise OSError(errno.EMFILE, "Too many open files")
        return real(path, mode)

    monkeypatch.setattr(Path, "open", opened)
    with pytest.raises(DataError, match="Too many open files"):
        _opened(Colours(), tmp_path)
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]


def test_bad_photographs_are_left_out_and_reported(tmp_path: Path) -> None:
    for _ in range(2):  # built, then opened
        cache = _opened(Colours(bad=(1, 4)), tmp_path)
        assert cache.ids == tuple(f"photo {index}.png" for index in (0, 2, 3, 5))
        assert cache.labels.tolist() == [0, 0, 1, 1]
        assert [image_id for image_id, _ in cache.failures] == ["photo 1.png", "photo 4.png"]
        assert "truncated" in cache.failures[0][1]
        assert cache.images.shape[0] == 4


def test_strict_raises_on_the_first_bad_photograph(tmp_path: Path) -> None:
    for _ in range(2):  # nothing built yet, then a cache that knows the failure
        with pytest.raises(DataError, match=r"photo 1\.png: is truncated"):
            _opened(Colours(bad=(1,)), tmp_path, strict=True)
        _opened(Colours(bad=(1,)), tmp_path)


def test_class_without_readable_photographs_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no readable photograph of 'odd'.*truncated"):
        _opened(Colours(bad=(1, 3, 5)), tmp_path)


def test_unwritable_root_names_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataError, match=r"file.*can't be written.*ALN_CACHE"):
        _opened(Colours(), tmp_path / "file")


def test_progress_reaches_the_end(tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    _opened(Colours(70), tmp_path, progress=lambda done, total: calls.append((done, total)))
    assert calls[-1] == (70, 70)
    assert calls == sorted(calls)


def _build(root: Path, log: Path) -> None:
    _opened(Colours(60, log=log), root)


def test_two_processes_do_the_work_once(tmp_path: Path) -> None:
    log = tmp_path / "log"
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_build, args=(tmp_path / "cache", log)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert len(log.read_text().splitlines()) == 60


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"ALN_CACHE": "/a", "XDG_CACHE_HOME": "/x"}, "/a"),
        ({"XDG_CACHE_HOME": "/x"}, "/x/aln"),
        ({"HOME": "/home/me"}, "/home/me/.cache/aln"),
    ],
    ids=["ALN_CACHE", "XDG_CACHE_HOME", "home"],
)
def test_default_cache_root(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], expected: str
) -> None:
    for name in ("ALN_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert default_cache_root() == Path(expected)
