"""A desk with a small model and photographs of awkward names, and a client that asks its application."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest
from fastapi.testclient import TestClient

from aln.web.app import create_app
from aln.web.desk import Desk, open_desk
from tests.small_model import photograph, small_localizer

NAMES = ("ant/a b.png", "bee/vögel 雀.jpg", "bee/x.png", "z.webp")
SIZES = ((48, 64), (70, 50), (20, 33), (40, 40))


def write_photographs(folder: Path) -> Path:
    """Four photographs of different sizes and formats below `folder`."""
    for seed, (name, size) in enumerate(zip(NAMES, SIZES, strict=True)):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = photograph(*size, seed=seed)[..., ::-1]
        path.write_bytes(cv2.imencode(path.suffix, pixels)[1].tobytes())
    return folder


@pytest.fixture
def album_folder(tmp_path: Path) -> Path:
    return write_photographs(tmp_path / "photos")


@pytest.fixture
def desk(album_folder: Path) -> Desk:
    return open_desk(small_localizer(), album_folder, album_folder.parent / "review")


@pytest.fixture
def client(desk: Desk) -> TestClient:
    return client_of(desk)


def client_of(desk: Desk, token: str | None = None) -> TestClient:
    """A client on this machine; an error inside is answered, not raised."""
    return TestClient(create_app(desk, token), base_url="http://localhost", raise_server_exceptions=False)


def keys(client: TestClient) -> dict[str, str]:
    """Keys of the album's photographs, by name."""
    return {row["name"]: row["key"] for row in client.get("/api/photographs").json()}
