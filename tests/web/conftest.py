"""A desk with a small model and photographs of awkward names; its application, for clients and a browser."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import pytest
import uvicorn
from fastapi.testclient import TestClient

from aln.web.app import create_app
from aln.web.desk import Desk, open_desk
from aln.web.serve import listening
from tests.small_model import photograph, small_localizer
from tests.web.browsing import BROWSER, FLAGS, PATIENCE, Page, is_fault, opened

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


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright_api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    with playwright_api.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=BROWSER, args=list(FLAGS), timeout=PATIENCE)
        yield browser
        browser.close()


@pytest.fixture
def address(desk: Desk) -> Iterator[str]:
    """Where the page of `desk` is served."""
    with listening("127.0.0.1", 0) as listener:
        server = uvicorn.Server(uvicorn.Config(create_app(desk), log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Page]:
    """The open page of `desk`, whose first photograph is 0.png; an error on its console fails the test."""
    context = browser.new_context(viewport={"width": 1200, "height": 800})
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if is_fault(message) else None)
    page.goto(address)
    opened(page, "0.png")
    yield page
    page.unroute_all(behavior="ignoreErrors")  # what is fetched ahead may be asked for until the end
    context.close()
    assert faults == []
