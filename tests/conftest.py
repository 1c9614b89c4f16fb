"""What many tests share: a run that is really trained, only small, and photographs with awkward names."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest
import torch
from filelock import FileLock
from hypothesis import HealthCheck, settings

from aln.config import Config, load_config
from aln.data import open_images

# a busy neighbour is no failure
settings.register_profile("shared-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared-machine")

TINY = (
    "model.input_size=32",
    "model.classifier_widths=[8, 8, 16, 16]",
    "model.corruption_widths=[4, 4, 8, 8]",
    "model.corruption_bottleneck=16",
    "training.warmup_epochs=1",
    "training.epochs=1",
    "training.self_training_epochs=0",
    "training.batch_size=32",
    "training.precision='fp32'",
    "training.epoch_images=0",
    "data.options.count=64",
)


def tiny_config(*overrides: str) -> Config:
    """Settings of a run on `shapes` that takes about a second."""
    return load_config(
        overrides=[*TINY, *overrides], settings={"data": {"path": "shapes", "format": "shapes"}}
    )


THREADS = torch.get_num_threads()


def pytest_runtest_setup() -> None:
    """A training sets the threads of its process, and torch sums in another order with another number."""
    torch.set_num_threads(THREADS)


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Folder of a model trained for two epochs, shared by all tests: leave it as it is."""
    from aln.training import train

    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent
    run = shared / "tiny_run"
    with FileLock(shared / "tiny_run.lock"):
        if not (run / "model.json").exists():
            train(tiny_config(), run, cache_root=shared / "tiny_cache")
    return run


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    """A folder of five photographs: nested, with spaces, non-ASCII letters and different sizes."""
    folder = tmp_path / "new photos"
    images = open_images(tiny_config().data, "test")
    for index, name in enumerate(["a.jpg", "b b.png", "vögel/drossel.jpg", "vögel/雀.png", "deep/er/c.JPEG"]):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        picture = cv2.resize(images.read(index)[..., ::-1], (80 + 7 * index, 64))
        path.write_bytes(cv2.imencode(path.suffix, picture)[1].tobytes())
    return folder
