import pytest

from fgresq.report.wording import percent, signed, visible_name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("plain_name-1.png", "plain_name-1.png"),
        ("müde 写真 👩‍🚀", "müde 写真 👩‍🚀"),
        ("two\nlines", "two↵lines"),
        ("tab\tbell\x07", "tab␉bell␇"),
        ("del\x7f", "del␡"),
        ("evil\u202egnp.exe", r"evil\u202egnp.exe"),
        ("line\u2028end", r"line\u2028end"),
        ("caf\udce9", r"caf\udce9"),
        ("", "(no name)"),
    ],
)
def test_visible_name(name: str, shown: str) -> None:
    assert visible_name(name) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(1.234, "+1.23"), (-1.236, "−1.24"), (0.0, "0.00"), (-0.001, "0.00"), (0.004, "0.00")]
)
def test_signed(value: float, shown: str) -> None:
    assert signed(value) == shown


@pytest.mark.parametrize(("share", "shown"), [(0.0, "0%"), (0.626, "63%"), (1.0, "100%")])
def test_percent(share: float, shown: str) -> None:
    assert percent(share) == shown
