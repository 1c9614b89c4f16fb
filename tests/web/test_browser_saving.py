"""The page where the server is away or refuses: nothing is lost, and the person is told."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from aln.web.desk import Desk
from aln.web.workshop import Choice
from tests.web.browsing import (
    NEEDS_BROWSER,
    Page,
    intercept,
    lists,
    on_screen,
    opened,
    said,
    saved,
    stored,
    three_photographs,
    wait_for,
)

pytestmark = NEEDS_BROWSER


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return three_photographs(tmp_path)


def test_a_server_that_comes_back_gets_what_was_edited(page: Page, desk: Desk) -> None:
    lost = {"PUT"}
    intercept(page, "**/review*", lambda it: it.abort() if it.request.method in lost else it.continue_())
    page.keyboard.press("n")
    said(page, "Not saved")
    assert stored(desk, "0.png") is None
    lost.clear()
    said(page, "Saved")
    assert page.evaluate("document.documentElement.dataset.saved") == "yes"
    assert len(saved(page, desk, "0.png", fitted=False).boxes) == 2


def test_several_edits_while_the_server_is_away_are_tried_again_together(page: Page) -> None:
    page.add_init_script(
        """window.again = 0;
        const usual = setTimeout;
        window.setTimeout = (work, ms) => (ms === 2000 ? ++window.again : usual(work, ms));"""
    )
    intercept(page, "**/review*", lambda it: it.abort() if it.request.method == "PUT" else it.continue_())
    for _ in range(3):
        page.keyboard.press("n")
        said(page, "Not saved")
    assert page.evaluate("again") == 1


def test_what_the_server_refuses_is_neither_accepted_nor_lost(page: Page, desk: Desk) -> None:
    refused = _refusing(page, "PUT")
    page.keyboard.press("n")
    said(page, "Not saved: the disk is full")
    page.keyboard.press("a")
    page.wait_for_function("() => document.querySelector('#state').textContent === 'edited'")
    assert _told(page, "#name", "#progress-text", "#status") == [
        "0.png",
        "0 of 3 accepted",
        "Not saved: the disk is full",
    ]
    page.keyboard.press("j")
    opened(page, "1.png")
    assert _told(page, "#status")[0].endswith("Not saved: the disk is full")
    assert stored(desk, "0.png") is None
    page.keyboard.press("k")
    opened(page, "0.png")
    assert _told(page, "#state") == ["edited"]
    refused.clear()
    page.keyboard.press("a")
    opened(page, "1.png")
    assert len(saved(page, desk, "0.png", state="accepted").boxes) == 2
    assert _told(page, "#progress-text") == ["1 of 3 accepted"]
    assert page.evaluate("document.documentElement.dataset.saved") == "yes"


def test_a_reset_that_fails_is_told(page: Page, desk: Desk) -> None:
    lost = {"DELETE"}
    intercept(page, "**/review*", lambda it: it.abort() if it.request.method in lost else it.continue_())
    page.keyboard.press("n")
    saved(page, desk, "0.png", fitted=False)
    page.keyboard.press("r")
    said(page, "Not reset: the server doesn't answer")
    assert _told(page, "#state") == ["edited"]
    assert page.locator("#box-list li button:first-child").count() == 2
    lost.clear()
    page.keyboard.press("r")
    said(page, "Back to the model's result")
    assert stored(desk, "0.png") is None


def test_a_reset_that_comes_too_late_is_told(page: Page, desk: Desk) -> None:
    held: list[Any] = []
    intercept(
        page, "**/review*", lambda it: held.append(it) if it.request.method == "PUT" else it.continue_()
    )
    with page.expect_request("**/review?*"):
        page.keyboard.press("n")
    page.keyboard.press("r")
    page.keyboard.press("j")
    opened(page, "1.png")
    held.pop().continue_()
    said(page, "0.png is not reset: it was left while edits were being saved")
    saved(page, desk, "0.png", state="draft")
    assert _told(page, "#state") == [""]


def test_what_is_refused_when_it_is_tried_again_is_not_accepted(page: Page, desk: Desk) -> None:
    answers = [{"status": 500, "json": {"error": "away"}}, {"status": 422, "json": {"error": "full"}}]
    intercept(
        page,
        "**/review*",
        lambda it: it.fulfill(**answers.pop(0)) if it.request.method == "PUT" else it.continue_(),
    )
    page.keyboard.press("a")
    opened(page, "1.png")
    said(page, "Not saved: full")
    assert _told(page, "#progress-text") == ["0 of 3 accepted"]
    page.keyboard.press("k")
    opened(page, "0.png")
    assert _told(page, "#state") == ["edited"]


def test_a_heat_map_that_does_not_come_is_told(page: Page, desk: Desk) -> None:
    away = False
    intercept(page, "**/heat?*", lambda it: it.abort() if away else it.continue_())
    entry = next(iter(desk.album))
    page.select_option("#method", "center_box")
    lists(page, desk.localize(entry, Choice("center_box", "paper")).boxes[0])
    away = True
    page.keyboard.press("z")
    said(page, "the server doesn't answer")
    page.wait_for_function("() => document.querySelector('#method').value == 'aln'")


@pytest.mark.parametrize(("keys", "state"), [("a", "accepted"), ("j", "draft"), ("aj", "accepted")])
def test_a_photograph_is_left_only_when_its_boxes_follow_the_mask(
    page: Page, desk: Desk, keys: str, state: str
) -> None:
    held: list[Any] = []
    intercept(page, "**/boxes?*", lambda it: held.append(it))  # noqa: PLW0108, Playwright marks the function
    page.keyboard.press("s")
    page.keyboard.press("ArrowLeft")
    with page.expect_request("**/boxes?*"):
        page.keyboard.press("Space")
    for key in keys:
        page.keyboard.press(key)
    page.wait_for_timeout(200)
    review = saved(page, desk, "0.png", state="draft")
    assert _told(page, "#progress-text") == ["0 of 3 accepted"]
    box = {"x0": 3, "y0": 5, "x1": 31, "y1": 29, "score": 0.5}
    held.pop().fulfill(json=[box])
    opened(page, "1.png")
    wait_for(page, lambda: saved(page, desk, "0.png", state=state).boxes != review.boxes)
    after = saved(page, desk, "0.png", fitted=True, mask=review.mask)
    assert [one.model_dump() for one in after.boxes] == [box]
    assert stored(desk, "1.png") is None


@pytest.mark.parametrize(("key", "state"), [("a", "accepted"), ("j", "draft")])
def test_a_class_that_is_chosen_quickly_stays(page: Page, desk: Desk, key: str, state: str) -> None:
    label, held = _choose_class(page)
    page.keyboard.press(key)
    page.wait_for_timeout(200)
    assert stored(desk, "0.png") is None
    held.pop().continue_()
    opened(page, "1.png")
    assert saved(page, desk, "0.png", state=state).label == label
    assert stored(desk, "1.png") is None


def test_a_class_that_the_server_cannot_look_for_is_no_edit(page: Page, desk: Desk) -> None:
    asked = re.compile(r"label=")
    intercept(
        page, "**/localization?*", lambda it: it.abort() if asked.search(it.request.url) else it.continue_()
    )
    page.keyboard.press("2")
    said(page, "the server doesn't answer")
    page.keyboard.press("j")
    opened(page, "1.png")
    assert stored(desk, "0.png") is None


def test_boxes_that_do_not_come_are_told_and_nothing_is_accepted(page: Page, desk: Desk) -> None:
    box = {"x0": 3, "y0": 5, "x1": 31, "y1": 29, "score": 0.5}
    answers = [{"status": 500, "json": {"error": "the model is away"}}] * 2 + [{"json": [box]}]
    intercept(page, "**/boxes?*", lambda it: it.fulfill(**answers.pop(0)))
    page.keyboard.press("s")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Space")
    said(page, "the model is away")
    page.keyboard.press("a")
    page.wait_for_timeout(300)
    assert len(answers) == 1
    saved(page, desk, "0.png", state="draft")
    assert _told(page, "#progress-text", "#name") == ["0 of 3 accepted", "0.png"]
    page.keyboard.press("a")
    opened(page, "1.png")
    assert [one.model_dump() for one in saved(page, desk, "0.png", state="accepted").boxes] == [box]


def test_boxes_find_the_mask_that_they_belong_to(page: Page, desk: Desk) -> None:
    """Two strokes, the second one undone while both have no answer yet."""
    held: list[Any] = []
    intercept(page, "**/boxes?*", lambda it: held.append(it))  # noqa: PLW0108, Playwright marks the function
    page.keyboard.press("s")
    page.keyboard.press("ArrowLeft")
    for _ in range(2):
        with page.expect_request("**/boxes?*"):
            page.keyboard.press("Space")
        page.wait_for_timeout(1200)  # steps in quick succession are one
        page.keyboard.press("ArrowLeft")
    page.keyboard.press("z")
    for number, request in enumerate(held):
        request.fulfill(json=[{"x0": 1 + number, "y0": 5, "x1": 31, "y1": 29, "score": 0.5}])
    page.keyboard.press("a")
    opened(page, "1.png")
    assert [box.x0 for box in saved(page, desk, "0.png", state="accepted").boxes] == [1]


def test_a_box_drawn_while_the_model_looks_stays(page: Page, desk: Desk) -> None:
    label, held = _choose_class(page)
    page.keyboard.press("n")
    held.pop().continue_()
    page.wait_for_function("label => document.querySelector('#class').value === label", arg=label)
    page.keyboard.press("a")
    opened(page, "1.png")
    review = saved(page, desk, "0.png", state="accepted")
    assert (review.label, len(review.boxes)) == (label, 2)


def test_a_key_held_down_accepts_one_photograph(page: Page, desk: Desk) -> None:
    page.keyboard.down("a")
    opened(page, "1.png")
    for _ in range(3):
        page.keyboard.down("a")
    page.keyboard.up("a")
    page.wait_for_timeout(300)
    assert _told(page, "#progress-text", "#name") == ["1 of 3 accepted", "1.png"]
    assert stored(desk, "1.png") is None


def test_a_drag_ends_with_its_photograph(page: Page, desk: Desk) -> None:
    page.mouse.move(*on_screen(page, 4, 4))
    page.mouse.down()
    page.mouse.move(*on_screen(page, 30, 30), steps=3)
    page.keyboard.press("j")
    opened(page, "1.png")
    page.mouse.up()
    page.wait_for_timeout(200)
    assert stored(desk, "0.png") is None
    assert stored(desk, "1.png") is None


def test_what_is_not_saved_is_not_left_out_of_an_export_silently(page: Page, desk: Desk) -> None:
    refused = _refusing(page)
    page.keyboard.press("a")
    opened(page, "1.png")
    saved(page, desk, "0.png", state="accepted")
    refused.add("PUT")
    page.keyboard.press("n")
    said(page, "Not saved: the disk is full")
    page.click("#export")
    page.check("input[value=coco]")
    page.click("#export-write")
    page.wait_for_function(
        "() => document.querySelector('#export-status').textContent.startsWith('Not every')"
    )
    assert not (desk.reviews.out / "coco").exists()


def _refusing(page: Page, *methods: str) -> set[str]:
    """The HTTP methods that are refused for reviews, from now on; to add to and to clear."""
    refused = set(methods)
    full = {"status": 422, "json": {"error": "the disk is full"}}
    intercept(
        page,
        "**/review*",
        lambda it: it.fulfill(**full) if it.request.method in refused else it.continue_(),
    )
    return refused


def _choose_class(page: Page) -> tuple[str, list[Any]]:
    """Choose a class by key, with the answer held back: its name, and the requests that wait."""
    held: list[Any] = []
    asked = re.compile(r"label=")
    intercept(
        page,
        "**/localization?*",
        lambda it: held.append(it) if asked.search(it.request.url) else it.continue_(),
    )
    label = page.locator("#probabilities button span").nth(2).text_content()
    with page.expect_request(asked):
        page.keyboard.press("2")
    return label, held


def _told(page: Page, *places: str) -> list[Any]:
    return [page.locator(place).text_content() for place in places]
