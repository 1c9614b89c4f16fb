"""What tests in a browser share: a browser of the system's, waiting, and places on the canvas."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import pytest

from aln.web.desk import Desk, open_desk
from aln.web.schemas import Review
from tests.small_model import photograph, small_localizer

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
PATIENCE = 120_000
"""Milliseconds; a busy machine is no failure."""

NEEDS_BROWSER = [
    pytest.mark.skipif(BROWSER is None, reason="needs chromium, chromium-browser or google-chrome"),
    pytest.mark.skipif("ALN_BROWSER" not in os.environ, reason="run by make browser"),
]

Page = Any


def three_photographs(where: Path) -> Desk:
    """A desk of 0.png, 1.png and 2.png, each of 80×60 pixels."""
    folder = where / "photos"
    folder.mkdir()
    for seed in range(3):
        data = cv2.imencode(".png", photograph(60, 80, seed)[..., ::-1])[1].tobytes()
        (folder / f"{seed}.png").write_bytes(data)
    return open_desk(small_localizer(), folder, where / "review")


def stored(desk: Desk, name: str) -> Review | None:
    entry = desk.album.by_id(name)
    assert entry is not None
    return desk.reviews.load(entry)


def saved(page: Page, desk: Desk, name: str, **wanted: object) -> Review:
    """The review on disk, as soon as it has the `wanted` values."""

    def there() -> Review | None:
        review = stored(desk, name)
        fits = review is not None and all(getattr(review, key) == value for key, value in wanted.items())
        return review if fits else None

    review: Review = wait_for(page, there)
    return review


def said(page: Page, start: str) -> None:
    """Wait until the status line starts so."""
    page.wait_for_function(
        "start => document.querySelector('#status').textContent.startsWith(start)", arg=start
    )


def opened(page: Page, name: str) -> None:
    said(page, name)
    page.wait_for_function("() => !document.querySelector('#accept').disabled")


def is_fault(message: Any) -> bool:
    """Whether a line on the page's console is an error of the page's own."""
    refused = message.text.startswith("Failed to load resource")  # what the tests provoke, told on the page
    return message.type == "error" and not refused


def lists(page: Page, box: Any) -> None:
    """Wait until a box that begins where `box` does is in the list."""
    place = f"at {round(float(box[0]))}, {round(float(box[1]))}"
    page.wait_for_function(
        "place => document.querySelector('#box-list').textContent.includes(place)", arg=place
    )


def intercept(page: Page, url: str, answer: Callable[[Any], None]) -> None:
    """Every request of the page, opened anew, to a `url` (a glob) goes to `answer`.

    Chromium says that it intercepts before the requests of an open page go that way: the next ones may still
    reach the server. A page that is opened afterwards is intercepted from its first request on.
    """
    page.route(url, answer)
    page.reload()
    opened(page, "0.png")


def wait_for(page: Page, condition: Any) -> Any:
    """What `condition` gives, as soon as it is true; requests of the page are answered meanwhile."""
    deadline = time.monotonic() + PATIENCE / 1000
    while not (value := condition()):
        assert time.monotonic() < deadline, "nothing came"
        page.wait_for_timeout(50)  # a sleep would leave intercepted requests unanswered
    return value


def on_screen(page: Page, x: float, y: float) -> tuple[float, float]:
    """Where a place of the photograph of 80×60 pixels lies on the screen."""
    area = page.locator("#stage").bounding_box()
    scale = min((area["width"] - 28) / 80, (area["height"] - 28) / 60)
    left = area["x"] + (area["width"] - 80 * scale) / 2
    top = area["y"] + (area["height"] - 60 * scale) / 2
    return left + x * scale, top + y * scale


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*on_screen(page, *start))
    page.mouse.down()
    page.mouse.move(*on_screen(page, *end), steps=4)
    page.mouse.up()
