"""The viewer of two images that pages hold, as a browser shows it."""

import io
import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from selenium.webdriver import Chrome
from selenium.webdriver.remote.webelement import WebElement
from tests.end_to_end.browser import until

LOADED = "return document.getElementById('zoom-level').textContent !== '' && !document.querySelector('[aria-busy]')"


def open_page(browser: Chrome, path: Path) -> None:
    """Open a page anew with its viewer in sight."""
    browser.get(path.as_uri())
    settled(browser)
    browser.execute_script("document.getElementById('viewer').scrollIntoView({ behavior: 'instant' })")


def settled(browser: Chrome) -> None:
    """Wait until both images are decoded and a frame has been painted."""
    until(browser, lambda b: b.execute_script(LOADED), "both images are shown")
    browser.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")


def by_id(browser: Chrome, name: str) -> WebElement:
    return browser.find_element("id", name)


def transforms(browser: Chrome) -> list[tuple[float, float, float]]:
    """(scale, x, y) of the left and of the right image."""
    script = "return ['left', 'right'].map((s) => getComputedStyle(document.getElementById('image-' + s)).transform)"
    matrices = [list(map(float, re.findall(r"-?[\d.]+(?:e-?\d+)?", text))) for text in browser.execute_script(script)]
    return [(values[0], values[4], values[5]) for values in matrices]


def stage_pixels(browser: Chrome) -> NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(by_id(browser, "stage").screenshot_as_png)).convert("RGB"))
