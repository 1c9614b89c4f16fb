"""The page in a real browser: load, localize, edit, undo, save, reload, export; by pointer and by keys."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from aln.web.desk import Desk
from aln.web.schemas import Review
from aln.web.workshop import Choice
from tests.small_model import photograph
from tests.web.browsing import (
    NEEDS_BROWSER,
    PATIENCE,
    Page,
    drag,
    intercept,
    lists,
    on_screen,
    opened,
    saved,
    stored,
    three_photographs,
    wait_for,
)

pytestmark = NEEDS_BROWSER


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return three_photographs(tmp_path)


def corners(review: Review) -> list[tuple[float, float, float, float]]:
    return [(box.x0, box.y0, box.x1, box.y1) for box in review.boxes]


def test_boxes_are_moved_undone_saved_and_there_again(page: Page, desk: Desk) -> None:
    first = page.locator("#box-list li button").first.text_content()
    box = desk.localize(next(iter(desk.album)), Choice()).boxes[0].tolist()
    middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    drag(page, (box[2], box[3]), middle)
    small = corners(saved(page, desk, "0.png", fitted=False))[0]
    assert small[:2] == tuple(box[:2])
    assert small[2:] == pytest.approx(middle, abs=0.5)
    within = ((small[0] + small[2]) / 2, (small[1] + small[3]) / 2)
    drag(page, within, (within[0] + 3, within[1] + 2))
    moved = corners(wait_for(page, lambda: _with(desk, lambda review: corners(review)[0] != small)))[0]
    assert moved == pytest.approx(
        [value + step for value, step in zip(small, (3, 2, 3, 2), strict=True)], abs=0.5
    )
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    assert corners(saved(page, desk, "0.png", fitted=True)) == [tuple(box)]
    assert page.locator("#box-list li button").first.text_content() == first
    page.keyboard.press("Control+y")
    page.keyboard.press("Control+Shift+z")
    wait_for(page, lambda: _with(desk, lambda review: corners(review) == [moved]))
    page.reload()
    opened(page, "0.png")
    assert page.locator("#state").text_content() == "edited"
    x, y = round(moved[0]), round(moved[1])
    assert f"at {x}, {y}" in page.locator("#box-list li button").first.text_content()


def test_superpixels_go_in_and_out_of_the_mask(page: Page, desk: Desk) -> None:
    page.keyboard.press("s")
    before = desk.localize(next(iter(desk.album)), Choice()).mask
    place = (4, 4)
    was_in = bool(before[place[1], place[0]])
    page.mouse.click(*on_screen(page, *place))
    after = saved(page, desk, "0.png").mask.decoded()
    assert after[place[1], place[0]] != was_in
    assert (after != before).sum() < before.size / 10  # one superpixel
    drag(page, (10, 50), (70, 50))
    wait_for(page, lambda: len(set(saved(page, desk, "0.png").mask.decoded()[50, 10:70].tolist())) == 1)
    page.keyboard.press("z")
    wait_for(page, lambda: np.array_equal(saved(page, desk, "0.png").mask.decoded(), after))
    page.keyboard.press("z")
    wait_for(page, lambda: np.array_equal(saved(page, desk, "0.png").mask.decoded(), before))


def test_method_and_threshold_show_at_once(page: Page, desk: Desk) -> None:
    entry = next(iter(desk.album))
    for method, rule, text in (("cam", "fixed", "fixed:0.5"), ("grad_cam", "otsu", "otsu")):
        page.select_option("#method", method)
        page.select_option("#rule", rule)
        lists(page, desk.localize(entry, Choice(method, text)).boxes[0])
    assert stored(desk, "0.png") is None  # looking is no edit


def test_quick_choices_add_up(page: Page, desk: Desk) -> None:
    """The first one has no answer yet when the second is made."""
    held = re.compile(r"method=cam&(?!rule=otsu)")
    intercept(page, "**/localization?*", lambda it: None if held.search(it.request.url) else it.continue_())
    with page.expect_request("**/localization?method=cam&*"):
        page.select_option("#method", "cam")
    page.select_option("#rule", "otsu")
    lists(page, desk.localize(next(iter(desk.album)), Choice("cam", "otsu")).boxes[0])
    assert page.input_value("#method") == "cam"


def test_quick_steps_of_the_threshold_add_up(page: Page) -> None:
    """Only the last one gets an answer."""
    held = re.compile(r"rule=fixed%3A0.5[12]")
    intercept(page, "**/localization?*", lambda it: None if held.search(it.request.url) else it.continue_())
    page.select_option("#rule", "fixed")
    page.wait_for_function("() => document.querySelector('#number').value === '0.5'")
    for _ in range(3):
        page.keyboard.press(".")
    page.wait_for_function("() => document.querySelector('#number').value === '0.53'")


@pytest.mark.parametrize(("event", "focus"), [("pointerdown", "stage"), ("keydown", "class")])
def test_a_list_that_was_used_by_pointer_leaves_the_keys_to_the_photograph(
    page: Page, event: str, focus: str
) -> None:
    label = page.locator("#probabilities button span").nth(2).text_content()
    page.focus("#class")
    page.dispatch_event("#class", event)
    page.select_option("#class", label)
    page.wait_for_function("id => document.activeElement.id === id", arg=focus)
    assert page.input_value("#class") == label


def test_everything_by_keyboard_alone(page: Page, desk: Desk) -> None:
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == "stage"
    page.keyboard.press("n")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowDown")
    new = corners(
        wait_for(page, lambda: _with(desk, lambda review: corners(review)[-1] == (21, 15, 61, 46)))
    )[-1]
    assert new == (21, 15, 61, 46)
    assert str(page.get_attribute("#stage", "aria-label")).endswith("2 boxes")
    page.keyboard.press("[")
    page.keyboard.press("Delete")
    wait_for(page, lambda: _with(desk, lambda review: len(review.boxes) == 1))
    page.keyboard.press("s")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Space")
    page.wait_for_function(
        "() => /Superpixel (taken out|put in)/.test(document.querySelector('#status').textContent)"
    )
    page.keyboard.press("2")
    label = page.locator("#probabilities button span").nth(2).text_content()
    wait_for(page, lambda: _with(desk, lambda review: review.label == label))
    page.keyboard.press("Enter")
    opened(page, "1.png")
    assert saved(page, desk, "0.png", state="accepted").label == label
    page.keyboard.press("k")
    opened(page, "0.png")
    assert page.locator("#state").text_content() == "accepted"
    page.keyboard.press("r")
    wait_for(page, lambda: stored(desk, "0.png") is None)


def _with(desk: Desk, condition: Any) -> Review | None:
    review = stored(desk, "0.png")
    return review if review is not None and condition(review) else None


def test_accepted_ones_are_exported(page: Page, desk: Desk) -> None:
    for name in ("0.png", "1.png"):
        opened(page, name)
        page.click("#accept")
    opened(page, "2.png")
    assert page.locator("#progress-text").text_content() == "2 of 3 accepted"
    page.click("#export")
    page.check("input[value=class-folder]")
    page.click("#export-write")
    page.wait_for_function(
        "() => document.querySelector('#export-status').textContent.startsWith('2 photographs')"
    )
    assert (desk.reviews.out / "class-folder" / "boxes.csv").exists()
    page.check("input[value=coco]")
    with page.expect_download() as download:
        page.click("#export-download")
    assert download.value.suggested_filename == "coco.zip"


def test_photographs_are_chosen_and_localized(page: Page, desk: Desk, tmp_path: Path) -> None:
    new = tmp_path / "mine.png"
    new.write_bytes(cv2.imencode(".png", photograph(50, 50, 9)[..., ::-1])[1].tobytes())
    (tmp_path / "broken.png").write_bytes(b"no image")
    page.set_input_files("#files", [str(new), str(tmp_path / "broken.png")])
    page.wait_for_function("() => document.querySelector('#name').textContent === 'uploads/mine.png'")
    page.wait_for_function(
        "() => document.querySelector('#status').textContent.includes('broken.png: is not an image')"
    )
    assert page.locator("#box-list li button").count() > 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_scrolls_down_only_and_colours_follow_the_system(
    browser: Any, address: str, scheme: str
) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme=scheme, has_touch=True)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(address)
    opened(page, "0.png")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.evaluate("document.documentElement.dataset.theme") == scheme
    page.tap("#accept")
    opened(page, "1.png")
    context.close()


def test_every_control_has_a_name(page: Page) -> None:
    """What a screen reader would say: no button, list or slider without words."""
    for opener in (None, "#help", "#export"):
        if opener == "#export":
            page.click("#accept")
            opened(page, "1.png")
        if opener:
            page.click(opener)
        nameless = page.evaluate(
            """() => [...document.querySelectorAll('button, select, input:not([hidden]), canvas, progress')]
              .filter((e) => e.checkVisibility() && !(e.getAttribute('aria-label') || e.textContent.trim()
                || e.labels?.length || e.getAttribute('aria-labelledby')))
              .map((e) => e.outerHTML)"""
        )
        assert nameless == []
        if opener:
            page.keyboard.press("Escape")
