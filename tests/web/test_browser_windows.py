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
    review = saved(page, desk, "0.png", fitted=False)
    other.keyboard.press("a")
    said(other, "Not saved: 0.png: was changed elsewhere")
    other.keyboard.press("r")
    said(other, "Not reset: 0.png: was changed elsewhere")
    assert stored(desk, "0.png") == review
    page.keyboard.press("a")
    opened(page, "1.png")
    saved(page, desk, "0.png", state="accepted")
    page.keyboard.press("a")
    opened(page, "2.png")
    saved(page, desk, "1.png", state="accepted")
    other.keyboard.press("j")  # was fetched ahead before it was accepted
    opened(other, "1.png")
    assert other.locator("#state").text_content() == "accepted"
    assert other.locator("#progress-text").text_content() == "1 of 3 accepted"
    other.on("dialog", lambda dialog: dialog.accept())
    other.close()


def test_an_answer_that_is_lost_is_no_other_window(page: Page, desk: Desk) -> None:
    _lose_one_answer(page, "PUT")
    page.keyboard.press("n")
    said(page, "Not saved: the server doesn't answer")
    page.keyboard.press("a")
    opened(page, "1.png")
    saved(page, desk, "0.png", state="accepted")
    page.wait_for_function("() => document.documentElement.dataset.saved === 'yes'")


def test_of_photographs_that_are_leafed_through_the_last_is_asked_for(page: Page, address: str) -> None:
    asked: list[Any] = []

    def answer(it: Any) -> None:
        asked.append(it)
        if len(asked) != 2:  # the second one is 1.png, fetched ahead
            it.continue_()

    page.goto("about:blank")  # ends what was fetched ahead there
    page.route("**/localization?*", answer)
    page.goto(address)
    opened(page, "0.png")
    while len(asked) < 2:
        page.wait_for_timeout(50)
    for key in "jjkj":
        page.keyboard.press(key)
    page.wait_for_timeout(300)
    assert len(asked) == 2
    asked[1].continue_()
    opened(page, "2.png")
    assert len(asked) == 3


def test_a_reset_whose_answer_is_lost_is_no_other_window(page: Page, desk: Desk) -> None:
    _lose_one_answer(page, "DELETE")
    page.keyboard.press("n")
    saved(page, desk, "0.png", state="draft")
    page.keyboard.press("r")
    said(page, "Not reset: the server doesn't answer")
    assert page.locator("#state").text_content() == ""
    page.keyboard.press("n")
    saved(page, desk, "0.png", state="draft")


def test_nothing_is_edited_while_it_is_being_reset(page: Page, desk: Desk) -> None:
    held: list[Any] = []
    intercept(
        page, "**/review*", lambda it: held.append(it) if it.request.method == "DELETE" else it.continue_()
    )
    page.keyboard.press("n")
    saved(page, desk, "0.png", state="draft")
    with page.expect_request(lambda request: request.method == "DELETE"):
        page.keyboard.press("r")
    page.keyboard.press("n")
    held.pop().continue_()
    said(page, "Back to the model's result")
    assert stored(desk, "0.png") is None
    page.keyboard.press("n")
    saved(page, desk, "0.png", state="draft")


def test_who_gets_no_answer_does_not_wait_for_ever(page: Page, desk: Desk) -> None:
    page.add_init_script(
        """const usual = setTimeout;
        window.setTimeout = (work, ms) => usual(work, ms === 120000 ? 8000 : ms);"""
    )
    intercept(page, "**/boxes?*", lambda it: None)
    page.keyboard.press("s")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Space")
    said(page, "the server doesn't answer")
    page.keyboard.press("j")
    opened(page, "1.png")
    saved(page, desk, "0.png", state="draft")


def _lose_one_answer(page: Page, method: str) -> None:
    """The first request of this method for a review arrives, and its answer doesn't."""
    lost = [True]

    def answer(it: Any) -> None:
        if it.request.method == method and lost:
            lost.pop()
            it.fetch()
            it.abort()
        else:
            it.continue_()

    intercept(page, "**/review*", answer)
