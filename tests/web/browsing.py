"""What tests in a browser share: a browser of the system's, waiting, and places on the canvas."""

from __future__ import annotations

import shutil
import time
from typing import Any

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
PATIENCE = 120_000
"""Milliseconds; a busy machine is no failure."""

Page = Any


def opened(page: Page, name: str) -> None:
    page.wait_for_function("name => document.querySelector('#status').textContent.startsWith(name)", arg=name)
    page.wait_for_function("() => !document.querySelector('#accept').disabled")


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
