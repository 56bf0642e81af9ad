"""An annotator's or expert's page in a real browser, with a clock that a test sets."""

from selenium.webdriver import ActionChains, Chrome
from tests.end_to_end.browser import until

# The page's clock stands still; `pass(ms)` moves it on.
_CLOCK = """
let now = 1000;
performance.now = () => now;
window.pass = (ms) => { now += ms; };
"""
_READY = "return document.getElementById('stage')?.getAttribute('aria-busy') === 'false'"
A_LOOK_MS = 400  # the page takes no answer that comes within 300 ms: it was meant for the pair before


def stop_clock(page: Chrome) -> None:
    """Let no time pass on pages that are opened from now on, but what `look` says."""
    page.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": _CLOCK})


def look(page: Chrome, milliseconds: int = A_LOOK_MS) -> None:
    """Let time pass on the page."""
    page.execute_script("pass(arguments[0])", milliseconds)


def open_link(page: Chrome, link: str) -> None:
    """Open a personal link; returns when it has led to the page of its person."""
    page.get("about:blank")
    page.get(link)
    until(page, lambda p: "/enter" not in p.current_url, f"{link} leads somewhere")


def enter(page: Chrome, link: str, milliseconds: int = A_LOOK_MS) -> None:
    """Open a personal link and look at its first pair for a while."""
    open_link(page, link)
    until(page, is_ready, "a pair is shown")
    look(page, milliseconds)


def is_ready(page: Chrome) -> bool:
    """Whether a pair is on the screen."""
    return bool(page.execute_script(_READY))


def moved_to(page: Chrome, done: int) -> None:
    """Wait until the page says how many are done and shows the next pair, and look at it for a while."""
    progress = f"{done} of"
    until(page, lambda p: text(p, "progress").startswith(progress) and is_ready(p), f"the page says {progress}")
    look(page)


def text(page: Chrome, name: str) -> str:
    return page.find_element("id", name).text


def press(page: Chrome, *keys: str) -> None:
    ActionChains(page).send_keys(*keys).perform()


def wait_for(page: Chrome, name: str, part: str) -> None:
    """Wait until an element holds some words."""
    until(page, lambda p: part in text(p, name), f"{name} says {part!r}")
