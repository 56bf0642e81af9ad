"""`fgresq benchmark report` as people run it, and its page as they use it: real Chromium, real photographs."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from selenium.webdriver import ActionChains, Chrome, Keys
from selenium.webdriver.common.actions.wheel_input import ScrollOrigin
from selenium.webdriver.support.ui import Select
from tests.end_to_end.browser import until
from tests.end_to_end.command import inside, run
from tests.end_to_end.viewer import by_id, open_page, settled, stage_pixels, transforms
from tests.unit.report.photo_study import HOSTILE, HOSTILE_CONTENT, make_photo_study

# Contrast of every text with what it stands on; text over pictures has a plate of its own, which isn't opaque.
LOW_CONTRAST = """
const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
const rgb = (colour) => {
  canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
  return [...canvas.getImageData(0, 0, 1, 1).data];
};
const luminance = (colour) => {
  const linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const [r, g, b] = rgb(colour).map((v) => linear(v / 255));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const ground = (element) => {
  for (let e = element; e; e = e.parentElement) {
    const colour = getComputedStyle(e).backgroundColor;
    if (rgb(colour)[3] === 255) return colour;
  }
  return getComputedStyle(document.body).backgroundColor;
};
const own = (e) => [...e.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim());
const shown = [...document.body.querySelectorAll('*')].filter((e) => own(e) && e.checkVisibility()
  && e.getClientRects().length && !e.closest('.tag, .unseen, script, svg, option'));
const found = shown.map((e) => {
  const pair = [luminance(getComputedStyle(e).color), luminance(ground(e))];
  const name = e.tagName + '.' + e.className + ': ' + e.textContent.trim().slice(0, 40);
  return [(Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05), name];
});
return [found.length, found.filter(([ratio]) => ratio < 4.5)];
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of three metrics on three photographs, one of whose restorations is no image."""
    folder = tmp_path_factory.mktemp("report")
    images = make_photo_study(folder / "photographs")
    (images / "1-2.png").write_bytes(b"not an image")
    arguments = ("--metrics", "psnr,ssim,sharpness", "--manifest", images, "--store", folder / "store", "--workers", 1)
    inside("benchmark", "run", *arguments, code=1)
    return folder


@pytest.fixture(scope="module")
def written(study: Path) -> Path:
    done = run("benchmark", "report", "--store", study / "store", "--out", study / "page.html", "--resamples", 500)
    assert "page.html (4 disagreements with images, 0 without;" in done.stdout
    return study / "page.html"


def test_wrong_input_ends_with_code_2_and_says_what_is_wrong(study: Path, tmp_path: Path) -> None:
    page, store = tmp_path / "page.html", study / "store"
    for arguments, said in (
        (("--store", tmp_path, "--out", page), "holds no store.json"),
        (("--store", store, "--out", tmp_path / "page.pdf"), "the name must end in .html, .htm"),
        (("--store", store, "--out", tmp_path / "none" / "page.html"), "there is no folder"),
        (("--store", store, "--out", page, "--metrics", "pnsr"), "did you mean psnr"),
        (("--store", store, "--out", page, "--set", "other"), "holds no set called 'other'"),
    ):
        assert said in " ".join(inside("benchmark", "report", *arguments, code=2).stderr.split())
    assert not page.exists()


def test_no_disagreement_is_shown_where_none_is_wanted(study: Path, tmp_path: Path) -> None:
    arguments = ("--store", study / "store", "--out", tmp_path / "page.html", "--resamples", 50)
    done = inside("benchmark", "report", *arguments, "--disagreements", 0)
    assert "0 disagreements with images, 0 without" in done.stdout


@pytest.fixture(scope="module")
def crowded(study: Path) -> Path:
    """A page that has no room for some of its images."""
    arguments = ("--store", study / "store", "--out", study / "crowded.html", "--resamples", 50)
    done = inside("benchmark", "report", *arguments, "--image-limit", 0.1)
    assert re.search(r"[12] disagreements with images, [23] without", done.stdout)
    return study / "crowded.html"


@pytest.fixture
def page(browser: Chrome, written: Path) -> Iterator[Chrome]:
    """The page, opened anew with its viewer in sight; nothing may have been said on the console at the end."""
    open_page(browser, written)
    yield browser
    assert browser.get_log("browser") == []


def shown_pixels(browser: Chrome) -> list[NDArray[np.uint8]]:
    """What the stage shows of the left and of the right image at 1:1."""
    pixels, stage = stage_pixels(browser), by_id(browser, "stage").rect
    patches = []
    for side, (scale, x, y) in zip(("left", "right"), transforms(browser), strict=True):
        assert scale == 1
        start = round(by_id(browser, f"pane-{side}").rect["x"] - stage["x"] + x)
        patches.append(pixels[int(y) : int(y) + 120, start : start + 180])
    return patches


def stored_pixels(path: Path) -> NDArray[np.uint8]:
    return np.asarray(Image.open(path).convert("RGB"))


@pytest.mark.browser
def test_both_images_of_a_disagreement_reach_the_screen_unchanged(page: Chrome, written: Path) -> None:
    """Sharpness prefers the noisy image; people prefer a blurred one."""
    folder = written.parent / "photographs"
    by_id(page, "zoom-native").click()
    seen = []
    for _ in range(4):
        name = Select(by_id(page, "pick-content")).first_selected_option.text
        number = next(index for index, content in enumerate(("astronaut", "coffee", "sea")) if content in name)
        left, right = shown_pixels(page)
        assert np.array_equal(right, stored_pixels(folder / f"{number}-3.png"))
        others = [folder / f"{number}-{place}.png" for place in (1, 2) if (number, place) != (1, 2)]
        assert any(np.array_equal(left, stored_pixels(path)) for path in others)
        assert by_id(page, "tag-left").text.startswith("People: ")
        assert by_id(page, "tag-right").text.startswith("Metric: noisy")
        assert "which is preferred by people" in (by_id(page, "image-left").get_attribute("alt") or "")
        seen.append(name)
        by_id(page, "next").click()
        settled(page)
    assert len(set(seen)) == 4
    assert Select(by_id(page, "pick-content")).first_selected_option.text == seen[0]  # round again


@pytest.mark.browser
def test_zoom_is_the_same_on_both_sides_by_wheel_keys_and_drag(page: Chrome) -> None:
    stage = by_id(page, "stage")
    for _ in range(4):
        ActionChains(page).scroll_from_origin(ScrollOrigin.from_element(stage, -200, 30), 0, -900).perform()
        settled(page)
    left, right = transforms(page)
    assert left == right
    assert left[0] > 3
    drag = ActionChains(page).move_to_element_with_offset(stage, 200, 0).click_and_hold()
    drag.move_by_offset(-60, -35).release().perform()
    moved, also = transforms(page)
    assert moved == also
    assert (moved[1] - left[1], moved[2] - left[2]) == (-60, -35)
    stage.send_keys("1")
    assert by_id(page, "zoom-level").text == "100%"
    stage.send_keys("+")
    assert by_id(page, "zoom-level").text == "125%"
    assert transforms(page)[0] == transforms(page)[1]


@pytest.mark.browser
def test_a_card_opens_the_viewer_by_keyboard(page: Chrome) -> None:
    cards = page.find_elements("css selector", ".case button.frame")
    assert len(cards) == 4
    cards[2].send_keys(Keys.ENTER)
    settled(page)
    assert by_id(page, "pick-content").get_attribute("value") == "2"
    assert page.switch_to.active_element == by_id(page, "stage")


@pytest.mark.browser
def test_matrices_open_and_tables_scroll_by_keyboard(page: Chrome) -> None:
    first, second = page.find_elements("css selector", "#significance details")
    assert first.get_attribute("open") is not None
    assert second.get_attribute("open") is None
    second.find_element("css selector", "summary").send_keys(Keys.ENTER)
    assert second.get_attribute("open") is not None
    page.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 420, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    )
    try:
        region = page.find_element("css selector", "#ranges .scroll")
        region.send_keys(Keys.ARROW_RIGHT)
        until(page, lambda p: p.execute_script("return arguments[0].scrollLeft", region) > 0, "the table scrolls")
    finally:
        page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.mark.browser
def test_every_image_decodes_and_hostile_names_are_text(page: Chrome) -> None:
    assert min(page.execute_script("return [...document.images].map((image) => image.naturalWidth)")) > 0
    assert page.find_elements("css selector", "img[src='x'], img[onerror], main b") == []
    body = page.find_element("css selector", "body").text
    assert HOSTILE_CONTENT.replace("\n", "↵") in body
    assert f"People prefer\n{HOSTILE}" in body
    names = [option.text for option in Select(by_id(page, "pick-content")).options]
    assert any(HOSTILE_CONTENT.replace("\n", "↵") in name for name in names)


@pytest.mark.browser
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


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["written", "crowded"])
def test_every_text_can_be_read(page: Chrome, request: pytest.FixtureRequest, name: str, scheme: str) -> None:
    page.get(request.getfixturevalue(name).as_uri())
    page.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    )
    # Any level of the scale holds text in some report; here a figure is put on all of them.
    page.execute_script("""
        document.querySelectorAll('details').forEach((each) => { each.open = true; });
        document.querySelectorAll('.legend i').forEach((each) => {
          each.textContent = '0'; each.style.color = 'var(--ink)';
        });
    """)
    count, low = page.execute_script(LOW_CONTRAST)
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert count > 300
    assert low == []


@pytest.mark.browser
def test_all_but_the_viewer_works_without_scripts(browser: Chrome, written: Path) -> None:
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.get(written.as_uri())
        text = browser.find_element("css selector", "body").text
        assert "The viewer needs JavaScript; all else on this page works without." in text
        assert len(browser.find_elements("css selector", "table")) == 8
        assert browser.find_element("css selector", ".case img").size["width"] > 0
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
