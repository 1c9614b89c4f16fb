"""What tests in a browser share: a browser of the system's, waiting, and places on the canvas."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from typing import Any

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
PATIENCE = 120_000
"""Milliseconds; a busy machine is no failure."""

Page = Any


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
    Answers are given while the test waits for the page, not in `wait_for`.
    """
    page.route(url, answer)
    page.reload()
    opened(page, "0.png")


def wait_for(condition: Any) -> Any:
    deadline = time.monotonic() + PATIENCE / 1000
    while not (value := condition()):
        assert time.monotonic() < deadline, "nothing came"
        time.sleep(0.05)
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
