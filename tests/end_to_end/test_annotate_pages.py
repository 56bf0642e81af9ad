"""The pages of a study as people use them: real Chromium, a real server, which is killed and filled up meanwhile."""

import base64
import io
import re
import resource

import numpy as np
import pytest
from PIL import Image
from selenium.common.exceptions import NoAlertPresentException
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.common.actions.wheel_input import ScrollOrigin
from tests.end_to_end.annotation_page import (
    A_LOOK_MS,
    enter,
    is_ready,
    look,
    moved_to,
    press,
    stop_clock,
    text,
    wait_for,
)
from tests.end_to_end.annotation_server import Server, make_study
from tests.end_to_end.browser import until
from tests.waiting import wait_until

from fgresq.annotation.store import open_study
from fgresq.annotation.store.frames import answers_frame

pytestmark = pytest.mark.browser

IMAGES = "return [...document.querySelectorAll('.pane img')].map((i) => [i.src, getComputedStyle(i).transform])"
PICTURE = """
const image = document.querySelector(`#pane-${arguments[0]} img`);
return [image.src, image.getBoundingClientRect().toJSON()];
"""
SHOWN = """
const visible = (side) => getComputedStyle(document.getElementById('pane-' + side)).visibility === 'visible';
return ['left', 'right'].filter(visible);
"""
BOXES = """
const box = (image) => Object.values(image.getBoundingClientRect().toJSON());
return [...document.querySelectorAll('.pane img')].map(box);
"""
HELD = """
for (let i = 0; i < 20; i += 1) {
  document.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowLeft', repeat: i > 0 }));
}
"""
FETCHES = (
    "return performance.getEntriesByType('resource').filter((e) => e.name.includes('/images/')).map((e) => e.name)"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    with Server(make_study(folder), folder).start() as running:
        yield running


@pytest.fixture
def _ends_what_it_starts():
    """A test may start the server again that all share; its fixture ends it."""


@pytest.fixture(scope="module")
def browser(browser):
    """Its pages go by a clock that stands still."""
    stop_clock(browser)
    return browser


@pytest.fixture
def stored(server):
    """Asks for a person's rows, latest last, by a connection of the test's own."""

    def rows(person):
        study = open_study(server.study)
        found = answers_frame(study).filter(person=person).rows(named=True)
        study.close()
        return found

    return rows


def test_a_link_leaves_the_address_and_opens_the_work(browser, server):
    enter(browser, server.links["team1-1"])
    assert browser.current_url == f"{server.url}/work"
    assert browser.execute_script("return document.cookie") == ""  # scripts can't read the session
    assert "#" not in browser.execute_script("return document.referrer + location.href")
    browser.get(f"{server.url}/enter#{'x' * 40}")
    wait_for(browser, "message", "isn't valid")
    browser.get(f"{server.url}/lead")
    assert "isn't yours" in text(browser, "message")
    assert all("40" in entry["message"] for entry in browser.get_log("browser"))  # the refusals above, and nothing else


@pytest.mark.parametrize("density", [1, 1.25, 1.5, 2])
def test_native_pixels_reach_the_screen_unchanged_at_every_density(browser, server, density):
    metrics = {"width": 1403, "height": 901, "deviceScaleFactor": density, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        enter(browser, server.links["team1-1"])
        for mode in ("side", "place"):
            if mode == "place":
                press(browser, " ")
            browser.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")
            shot = browser.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})["data"]
            screen = np.asarray(Image.open(io.BytesIO(base64.b64decode(shot))).convert("RGB"))
            study = open_study(server.study)
            for side in ("left", "right") if mode == "side" else ("left",):
                source, rect = browser.execute_script(PICTURE, side)
                with Image.open(study.images[source.rpartition("/")[2]].path) as image:
                    pixels = np.asarray(image.convert("RGB"))
                x, y = rect["left"] * density, rect["top"] * density
                assert (x, y) == (pytest.approx(round(x), abs=0.02), pytest.approx(round(y), abs=0.02))
                x, y = round(x), round(y)
                assert np.array_equal(screen[y : y + 240, x : x + 320], pixels), (mode, side)
            study.close()
        assert text(browser, "zoom-level") == "100 %"
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_keys_answer_and_what_comes_next_is_there_already(browser, server, stored):
    enter(browser, server.links["team1-2"])
    for done, (key, choice) in enumerate(
        [(Keys.ARROW_LEFT, "left"), (Keys.ARROW_RIGHT, "right"), (Keys.ARROW_DOWN, "equal")] * 2, 1
    ):
        upcoming = browser.execute_async_script(
            "fetch('/api/trial').then((r) => r.json()).then((s) => arguments[0]([s.upcoming.left, s.upcoming.right]))"
        )
        until(
            browser,
            lambda b, u=upcoming: all(any(f.endswith(n) for f in b.execute_script(FETCHES)) for n in u),
            "the next pair is fetched ahead",
        )
        press(browser, key)
        moved_to(browser, done)
        assert [i[0].rpartition("/images/")[2] for i in browser.execute_script(IMAGES)] == [
            n.rpartition("/")[2] for n in upcoming
        ]
        row = stored("team1-2")[-1]
        assert (row["position"], row["choice"]) == (done - 1, choice)
        assert row["elapsed_ms"] == A_LOOK_MS
    # How long each took is measured; docs/annotation.md has figures.
    measured = "return performance.getEntriesByName('moved-on').length"
    until(browser, lambda b: b.execute_script(measured) == 6, "six moves are measured")
    assert browser.get_log("browser") == []


def test_going_back_changes_an_answer_and_work_goes_on(browser, server, stored):
    enter(browser, server.links["team1-3"])
    first = browser.execute_script(IMAGES)[0][0]
    for done in (1, 2):
        press(browser, Keys.ARROW_LEFT)
        moved_to(browser, done)
    press(browser, Keys.BACKSPACE)
    wait_for(browser, "note", "earlier pair")
    until(browser, is_ready, "the earlier pair is shown")
    press(browser, Keys.BACKSPACE)
    until(browser, lambda b: b.execute_script(IMAGES)[0][0] == first and is_ready(b), "the first pair is shown")
    look(browser)
    press(browser, Keys.ARROW_RIGHT)
    wait_until(lambda: len(stored("team1-3")) == 3, "the change is stored")
    moved_to(browser, 2)
    assert [(row["position"], row["choice"], row["counts"]) for row in stored("team1-3")] == [
        (0, "left", False), (1, "left", True), (0, "right", True)
    ]  # fmt: skip
    assert browser.execute_script(IMAGES)[0][0] != first


def test_a_double_click_and_a_held_key_count_once(browser, server, stored):
    enter(browser, server.links["team1-4"])
    button = browser.find_element("css selector", "[data-choice=left]")
    ActionChains(browser).double_click(button).perform()
    moved_to(browser, 1)
    browser.execute_script(HELD)
    moved_to(browser, 2)
    assert len(stored("team1-4")) == 2


def transforms(page):
    """(scale, x, y) of both images."""
    matrices = [list(map(float, re.findall(r"-?[\d.]+", image[1]))) for image in page.execute_script(IMAGES)]
    return [(values[0], values[4], values[5]) for values in matrices]


def test_both_images_zoom_and_move_together(browser, server):
    enter(browser, server.links["team2-1"])
    image = browser.find_element("css selector", "#pane-right img")
    ActionChains(browser).scroll_from_origin(ScrollOrigin.from_element(image, 30, 20), 0, -120).perform()
    wait_for(browser, "zoom-level", "200 %")
    press(browser, "+", "+", "+")
    assert text(browser, "zoom-level") == "600 %"
    before = transforms(browser)
    assert before[0][0] == before[1][0] == 6
    grip = ActionChains(browser).move_to_element_with_offset(browser.find_element("id", "stage"), 200, 50)
    grip.click_and_hold().move_by_offset(-70, 45).release().perform()
    moved = transforms(browser)
    steps = [(after[1] - was[1], after[2] - was[2]) for was, after in zip(before, moved, strict=True)]
    assert steps == [(-70, 45), (-70, 45)]
    ActionChains(browser).key_down(Keys.SHIFT).send_keys(Keys.ARROW_LEFT).key_up(Keys.SHIFT).perform()
    assert [after[1] - was[1] for was, after in zip(moved, transforms(browser), strict=True)] == [60, 60]
    rendering = "return getComputedStyle(document.querySelector('.pane img')).imageRendering"
    assert browser.execute_script(rendering) == "pixelated"
    press(browser, "1")
    assert text(browser, "zoom-level") == "100 %"
    press(browser, "0")
    assert text(browser, "zoom-level") == "100 %"  # a small image isn't enlarged
    assert text(browser, "progress").startswith("0 of")


def test_the_flicker_shows_both_in_the_same_place(browser, server):
    enter(browser, server.links["team2-1"])
    assert browser.execute_script(SHOWN) == ["left", "right"]
    seen = []
    for _ in range(3):
        press(browser, " ")
        seen.append(browser.execute_script(SHOWN))
    assert seen == [["left"], ["right"], ["left"]]
    left, right = browser.execute_script(BOXES)
    assert left == right
    press(browser, "f")
    assert browser.execute_script(SHOWN) == ["left", "right"]


def test_the_clock_stands_still_in_a_pause(browser, server, stored):
    enter(browser, server.links["team2-2"], 700)
    press(browser, "p")
    assert "Paused" in text(browser, "cover-title")
    look(browser, 2500)
    press(browser, Keys.ARROW_LEFT)  # nothing is answered under the cover
    press(browser, "p")
    look(browser, 500)
    press(browser, Keys.ARROW_RIGHT)
    moved_to(browser, 1)
    assert [(row["choice"], row["elapsed_ms"]) for row in stored("team2-2")] == [("right", 700 + 500)]


def test_an_answer_that_comes_too_soon_is_not_taken(browser, server, stored):
    enter(browser, server.links["team1-5"], 299)
    press(browser, Keys.ARROW_LEFT)
    look(browser, 1)
    press(browser, Keys.ARROW_RIGHT)
    moved_to(browser, 1)
    assert [(row["choice"], row["elapsed_ms"]) for row in stored("team1-5")] == [("right", 300)]


def test_a_killed_server_loses_nothing_and_the_answer_is_sent_again(browser, server, stored):
    enter(browser, server.links["team2-3"])
    press(browser, Keys.ARROW_RIGHT)
    moved_to(browser, 1)
    shown = browser.execute_script(IMAGES)
    server.kill()
    press(browser, Keys.ARROW_LEFT)
    wait_for(browser, "alarm", "NOT saved")
    assert text(browser, "progress").startswith("1 of")
    assert [i[0] for i in browser.execute_script(IMAGES)] == [i[0] for i in shown]  # it doesn't move on
    assert len(stored("team2-3")) == 1
    server.start()
    moved_to(browser, 2)
    assert text(browser, "alarm") == ""
    assert [(row["position"], row["choice"]) for row in stored("team2-3")] == [(0, "right"), (1, "left")]
    # Now the page goes as well, before the server comes back.
    server.kill()
    press(browser, Keys.ARROW_DOWN)
    wait_for(browser, "alarm", "NOT saved")
    browser.execute_script("window.onbeforeunload = null")
    browser.get("about:blank")
    dismiss(browser)
    server.start()
    browser.get(f"{server.url}/work")
    wait_for(browser, "note", "is saved now")
    assert [row["choice"] for row in stored("team2-3")] == ["right", "left", "equal"]
    browser.get_log("browser")  # it says that connections were refused


def dismiss(page):
    try:
        page.switch_to.alert.accept()
    except NoAlertPresentException:
        return


def test_a_full_disk_is_told_and_the_answer_kept(browser, server, stored):
    enter(browser, server.links["team2-4"])
    limits = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (1, limits[1]))  # no file may grow
    press(browser, Keys.ARROW_LEFT)
    wait_for(browser, "alarm", "NOT saved")
    wait_for(browser, "alarm", "its disk or its database")
    assert stored("team2-4") == []
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, limits)
    browser.find_element("id", "retry").click()
    moved_to(browser, 1)
    assert [row["choice"] for row in stored("team2-4")] == ["left"]
    browser.get_log("browser")


def test_an_ended_session_keeps_the_answer_until_the_link_is_opened_again(browser, server, stored):
    enter(browser, server.links["team2-5"])
    browser.delete_all_cookies()
    press(browser, Keys.ARROW_RIGHT)
    wait_for(browser, "alarm", "open your personal link again")
    assert stored("team2-5") == []
    browser.execute_script("window.onbeforeunload = null")
    browser.get("about:blank")
    dismiss(browser)
    browser.get(server.links["team2-5"])
    wait_for(browser, "note", "is saved now")
    assert [row["choice"] for row in stored("team2-5")] == ["right"]
    browser.get_log("browser")
