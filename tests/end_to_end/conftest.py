"""What these tests share by name: a real browser."""

from tests.end_to_end.browser import browser

__all__ = ["browser"]
