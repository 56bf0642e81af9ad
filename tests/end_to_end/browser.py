"""A real Chromium without a window, driven through selenium."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from tests.waiting import LONGEST, wait_until

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-device-scale-factor=1",
    "--force-color-profile=srgb",
)


def start(profile: Path, width: int = 1400, height: int = 1000) -> Chrome:
    """Chromium with its own profile folder, whose console can be read with `get_log("browser")`."""
    program, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if program is None or driver is None:
        reason = "chromium and chromedriver are needed (Debian: apt install chromium chromium-driver)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    options = ChromeOptions()
    options.binary_location = program
    for flag in (*FLAGS, f"--user-data-dir={profile}", f"--window-size={width},{height}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    # The driver's own log would otherwise reach pytest's output.
    return Chrome(options=options, service=ChromeService(driver, log_output=os.devnull))


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """One Chromium for all tests of a module."""
    chrome = start(tmp_path_factory.mktemp("chromium"))
    chrome.set_page_load_timeout(LONGEST)
    chrome.set_script_timeout(LONGEST)
    yield chrome
    chrome.quit()


def until(page: Chrome, condition: Callable[[Chrome], Any], why: str) -> None:
    """Wait until something is so on a page; what isn't there yet, or was just replaced, counts as not so."""

    def holds() -> bool:
        try:
            return bool(condition(page))
        except (NoSuchElementException, StaleElementReferenceException):
            return False

    wait_until(holds, why)
