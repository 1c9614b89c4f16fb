"""Reviews in two windows at once, answers that are lost, and photographs that are left quickly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aln.web.desk import Desk
from tests.web.browsing import (
    NEEDS_BROWSER,
    Page,
    intercept,
    opened,
    said,
    saved,
    stored,
    three_photographs,
)

pytestmark = NEEDS_BROWSER


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return three_photographs(tmp_path)


def test_two_windows_do_not_write_over_each_other(page: Page, desk: Desk) -> None:
    other = page.context.new_page()
    other.goto(page.url)
    opened(other, "0.png")
    page.keyboard.press("n")
    review = saved(desk, "0.png", fitted=False)
    other.keyboard.press("a")
    said(other, "Not saved: 0.png: was reviewed in another window")
    other.keyboard.press("r")
    said(other, "Not reset: 0.png: was reviewed in another window")
    assert stored(desk, "0.png") == review
    page.keyboard.press("Shift+N")
    page.keyboard.press("a")
    opened(page, "1.png")
    saved(desk, "0.png", state="accepted")
    other.keyboard.press("j")
    opened(other, "1.png")
    page.keyboard.press("a")
    opened(page, "2.png")
    saved(desk, "1.png", state="accepted")
    other.keyboard.press("j")
    opened(other, "2.png")
    other.keyboard.press("k")
    opened(other, "1.png")
    assert other.locator("#state").text_content() == "accepted"
    other.on("dialog", lambda dialog: dialog.accept())
    other.close()


def test_an_answer_that_is_lost_is_no_other_window(page: Page, desk: Desk) -> None:
    lost = [True]

    def answer(it: Any) -> None:
        if it.request.method == "PUT" and lost:
            lost.pop()
            it.fetch()  # arrives
            it.abort()
        else:
            it.continue_()

    intercept(page, "**/review*", answer)
    page.keyboard.press("n")
    said(page, "Not saved: the server doesn't answer")
    page.keyboard.press("a")
    opened(page, "1.png")
    saved(desk, "0.png", state="accepted")
    page.wait_for_function("() => document.documentElement.dataset.saved === 'yes'")


def test_of_photographs_that_are_leafed_through_the_last_is_asked_for(page: Page) -> None:
    asked: list[Any] = []

    def answer(it: Any) -> None:
        asked.append(it)
        if len(asked) != 2:  # the second one is 1.png, fetched ahead
            it.continue_()

    intercept(page, "**/localization?*", answer)
    page.wait_for_timeout(300)
    for key in "jjkj":
        page.keyboard.press(key)
    page.wait_for_timeout(300)
    assert len(asked) == 2
    asked[1].continue_()
    opened(page, "2.png")
    assert len(asked) == 3
