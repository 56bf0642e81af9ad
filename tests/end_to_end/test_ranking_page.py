"""The page of a ranking as a person uses it: real Chromium, real photographs, from file://."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from selenium.webdriver import ActionChains, Chrome, Keys
from selenium.webdriver.common.actions.wheel_input import ScrollOrigin
from selenium.webdriver.support.ui import Select
from tests.end_to_end.browser import start
from tests.end_to_end.viewer import by_id, open_page, settled, stage_pixels, transforms
from tests.unit.report.rankings import HOSTILE, make_ranking, photograph, with_failures

from fgresq.report import write_ranking_page

pytestmark = pytest.mark.browser

LUMINANCE = """
const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
const luminance = (colour) => {
  canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
  const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
"""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    write_ranking_page(with_failures(make_ranking(folder)), folder / "report.html")
    return folder / "report.html"


@pytest.fixture
def page(browser: Chrome, written: Path) -> Iterator[Chrome]:
    """The page, opened anew with its viewer in sight; nothing may have been said on the console at the end."""
    open_page(browser, written)
    yield browser
    assert browser.get_log("browser") == []


def wipe(browser: Chrome) -> float:
    return float(by_id(browser, "handle").get_attribute("aria-valuenow") or "nan")


def shown_patch(browser: Chrome) -> NDArray[np.uint8]:
    """The piece of the stage that the image covers at 1:1."""
    scale, x, y = transforms(browser)[0]
    assert scale == 1
    height, width = 120, 180
    return stage_pixels(browser)[int(y) : int(y) + height, int(x) : int(x) + width]


def test_every_image_decodes(page: Chrome) -> None:
    # Thumbnails out of sight wait until they are scrolled to; `decode` loads each and fails for one that is broken.
    script = """
        const done = arguments[arguments.length - 1];
        const width = async (image) => { image.loading = "eager"; await image.decode(); return image.naturalWidth; };
        Promise.all([...document.images].map(width)).then(done, (error) => done([String(error)]));
    """
    widths = page.execute_async_script(script)
    assert len(widths) == 2 + 2 * 5
    assert min(widths) > 0


def test_native_pixels_reach_the_screen_unchanged(page: Chrome) -> None:
    by_id(page, "zoom-native").click()
    patch, source = shown_patch(page), np.asarray(photograph("astronaut"))
    half = 180 // 2 - 25  # the handle covers the middle
    assert np.array_equal(patch[:, :half], source[:, :half])
    assert np.array_equal(patch[:, -half:], 255 - source[:, -half:])


def test_dragging_the_handle_moves_the_wipe(page: Chrome) -> None:
    stage = by_id(page, "stage")
    before, was = wipe(page), stage_pixels(page)
    ActionChains(page).drag_and_drop_by_offset(by_id(page, "handle"), round(stage.size["width"] * 0.3), 0).perform()
    assert before == 50
    assert wipe(page) == pytest.approx(80, abs=1)
    settled(page)
    source = np.asarray(photograph("astronaut"))
    assert not np.array_equal(stage_pixels(page), was)
    assert np.array_equal(shown_patch(page), source)  # the wipe has passed the whole image


def test_arrow_keys_move_the_wipe(page: Chrome) -> None:
    handle = by_id(page, "handle")
    handle.send_keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.ARROW_LEFT)
    assert wipe(page) == 51
    handle.send_keys(Keys.SHIFT + Keys.ARROW_RIGHT)
    assert wipe(page) == 61
    handle.send_keys(Keys.HOME)
    assert wipe(page) == 0
    handle.send_keys(Keys.END)
    assert wipe(page) == 100


@pytest.mark.parametrize("mode", ["slider", "side"])
def test_wheel_zooms_both_images_around_the_pointer(page: Chrome, mode: str) -> None:
    choose_mode(page, mode)
    by_id(page, "zoom-native").click()
    stage = by_id(page, "stage")
    size = stage.size
    dx, dy = -round(size["width"] * 0.2), 40
    for _ in range(4):  # by the last, the image is larger than its pane, and nothing has to be centred
        scale, x, y = transforms(page)[0]
        ActionChains(page).scroll_from_origin(ScrollOrigin.from_element(stage, dx, dy), 0, -900).perform()
        settled(page)
    left, right = transforms(page)
    assert left == right
    assert left[0] > 2 * scale
    pointer = (size["width"] / 2 + dx, size["height"] / 2 + dy)
    for offset, now, at in ((x, left[1], pointer[0]), (y, left[2], pointer[1])):
        assert (at - now) / left[0] == pytest.approx((at - offset) / scale, abs=1.0)


def test_dragging_the_stage_moves_both_images(page: Chrome) -> None:
    by_id(page, "stage").send_keys(*"+" * 10)
    _, x, y = transforms(page)[0]
    action = ActionChains(page).move_to_element_with_offset(by_id(page, "stage"), -200, 0)
    action.click_and_hold().move_by_offset(-60, -35).release().perform()
    left, right = transforms(page)
    assert left == right
    assert (left[1] - x, left[2] - y) == (-60, -35)


def test_zoom_keys_and_buttons(page: Chrome) -> None:
    stage, level = by_id(page, "stage"), by_id(page, "zoom-level")
    assert level.text == "100%"  # a small image isn't enlarged to fit
    stage.send_keys("+")
    assert level.text == "125%"
    assert by_id(page, "image-left").value_of_css_property("image-rendering") == "pixelated"
    stage.send_keys("-")
    assert level.text == "100%"
    by_id(page, "zoom-in").click()
    by_id(page, "zoom-in").click()
    assert level.text == "156%"
    by_id(page, "zoom-out").click()
    assert level.text == "125%"
    by_id(page, "zoom-fit").click()
    assert level.text == "100%"


def choose_mode(page: Chrome, mode: str) -> None:
    page.find_element("css selector", f"input[value={mode}] + span").click()
    settled(page)


def test_side_by_side_shows_the_same_place_twice(page: Chrome) -> None:
    choose_mode(page, "side")
    left, right = (by_id(page, f"pane-{side}").rect for side in ("left", "right"))
    assert left["x"] + left["width"] <= right["x"]
    assert left["width"] == right["width"]
    assert not by_id(page, "handle").is_displayed()
    pixels, source = stage_pixels(page), np.asarray(photograph("astronaut"))
    _, x, y = transforms(page)[0]
    for pane, expected in ((left, source), (right, 255 - source)):
        start_x = round(pane["x"] - left["x"] + x)
        assert np.array_equal(pixels[int(y) : int(y) + 120, start_x : start_x + 180], expected)
    choose_mode(page, "slider")
    assert by_id(page, "handle").is_displayed()


def test_space_swaps_the_two_images_in_place(page: Chrome) -> None:
    by_id(page, "handle").send_keys(Keys.END)
    source = np.asarray(photograph("astronaut"))
    names = [Select(by_id(page, f"pick-{side}")).first_selected_option.text for side in ("left", "right")]
    assert np.array_equal(shown_patch(page), source)
    by_id(page, "stage").send_keys(" ")
    settled(page)
    assert np.array_equal(shown_patch(page), 255 - source)
    assert [Select(by_id(page, f"pick-{s}")).first_selected_option.text for s in ("left", "right")] == names[::-1]
    by_id(page, "stage").send_keys(" ")
    settled(page)
    assert np.array_equal(shown_patch(page), source)


def test_hostile_names_are_shown_as_text(page: Chrome) -> None:
    select = Select(by_id(page, "pick-right"))
    assert f"3. {HOSTILE}" in [option.text for option in select.options]
    select.select_by_index(2)
    settled(page)
    assert HOSTILE in by_id(page, "tag-right").text
    assert HOSTILE in page.find_element("css selector", ".board").text
    assert page.find_elements("css selector", "img[src='x'], img[onerror]") == []


def test_a_smaller_image_is_scaled_to_the_other_s_box_and_said_to_be(page: Chrome) -> None:
    Select(by_id(page, "pick-right")).select_by_index(3)
    settled(page)
    assert by_id(page, "image-left").size == by_id(page, "image-right").size
    note = by_id(page, "sizes").text
    assert note == "Sizes differ: half↵size has 90 × 60 px and is scaled to the 180 × 120 px of sharp."


def test_next_content_keeps_the_two_algorithms(page: Chrome) -> None:
    Select(by_id(page, "pick-right")).select_by_index(4)
    settled(page)
    by_id(page, "next").click()
    settled(page)
    assert Select(by_id(page, "pick-content")).first_selected_option.text == "coffee"
    assert Select(by_id(page, "pick-right")).first_selected_option.text == "5. müde 写真"
    by_id(page, "zoom-native").click()
    assert np.array_equal(shown_patch(page)[:, :60], np.asarray(photograph("coffee"))[:, :60])


def test_a_thumbnail_opens_the_viewer(page: Chrome) -> None:
    thumbnail = page.find_elements("css selector", "article button.frame")[7]
    page.execute_script("arguments[0].scrollIntoView({ behavior: 'instant', block: 'center' })", thumbnail)
    thumbnail.click()
    settled(page)
    assert Select(by_id(page, "pick-content")).first_selected_option.text == "coffee"
    assert Select(by_id(page, "pick-left")).first_selected_option.text == "1. sharp"
    assert Select(by_id(page, "pick-right")).first_selected_option.text == f"3. {HOSTILE}"
    assert page.switch_to.active_element == by_id(page, "stage")


@pytest.mark.parametrize("width", [400, 700, 1400])
def test_nothing_sticks_out_sideways(page: Chrome, width: int) -> None:
    page.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": True}
    )
    try:
        settled(page)
        assert page.execute_script("return [innerWidth, document.documentElement.scrollWidth]") == [width, width]
    finally:
        page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_colour_of_the_heat_map_can_be_read(page: Chrome, scheme: str) -> None:
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    script = (
        LUMINANCE
        + """
    return [...document.querySelectorAll('.legend .heat')].map((cell) => getComputedStyle(cell)).map((style) =>
      [luminance(style.backgroundColor), luminance(getComputedStyle(document.body).color)]);
    """
    )
    levels = page.execute_script(script)
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert len(levels) == 11
    assert len({round(background, 4) for background, _ in levels}) > 8
    assert min((max(pair) + 0.05) / (min(pair) + 0.05) for pair in levels) >= 4.5


@pytest.mark.parametrize(("on_ci", "outcome"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)])
def test_without_a_browser_the_tests_are_skipped_but_not_on_ci(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, on_ci: str, outcome: type[BaseException]
) -> None:
    monkeypatch.setattr(shutil, "which", lambda program: None)
    monkeypatch.setenv("CI", on_ci)
    with pytest.raises(outcome, match="chromium and chromedriver are needed"):
        start(tmp_path)
