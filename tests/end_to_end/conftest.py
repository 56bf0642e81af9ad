"""What these tests share by name: a real browser, and the command inside the test's own process."""

from tests.end_to_end.browser import browser
from tests.end_to_end.inside import within

__all__ = ["browser", "within"]
