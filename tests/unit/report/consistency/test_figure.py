from xml.etree import ElementTree

import numpy as np
import polars as pl
import pytest
from PIL import Image

from fgresq.criteria.consistency import consistency
from fgresq.errors import OutputError, UserError
from fgresq.report.consistency.figure import Panel, draw_consistency
from fgresq.report.consistency.tables import bins_table, inconsistent_table, points_table

DIFFERENCE = np.array([0.01, 0.01, 0.01, -0.3, 0.3, 0.0, np.nan, 1.5])
BALANCE = np.array([1.0, 1.0, -1.0, 0.2, 0.0, 1.0, 1.0, np.nan])
CONTENTS = np.array(["c", "d", "c", "d", "c", "d", "c", "d"])


def panel(name="mine"):
    return Panel(name, DIFFERENCE, BALANCE, consistency(DIFFERENCE, BALANCE, contents=CONTENTS))


def text_of(path):
    """What the picture says: matplotlib leaves the text of glyphs in comments."""
    parser = ElementTree.XMLParser(target=ElementTree.TreeBuilder(insert_comments=True))  # noqa: S314 - our own file
    root = ElementTree.parse(path, parser).getroot()  # noqa: S314
    return [node.text.strip() for node in root.iter() if node.tag is ElementTree.Comment]


def test_a_picture_says_what_was_counted(tmp_path):
    path = tmp_path / "c.svg"
    draw_consistency([panel(), panel("other")], path)
    said = text_of(path)
    for text in (
        "mine: 6 pairs (largest mark: 2)",
        "other: 6 pairs (largest mark: 2)",
        "consistent, 2 pairs",
        "inconsistent, 2 pairs",
        "equal scores or votes, 2 pairs",
        "all pairs: 50.0%",  # 1 and 2 of 0.01, -0.3, and half the pair of equal scores, over 5
        "to 0.02",
        "95 % interval over contents",
    ):
        assert text in said, text


def test_the_inconsistent_quadrants_are_marked_and_no_other(tmp_path):
    lone = np.array([1.0])
    found = consistency(lone, lone)
    draw_consistency([Panel("x", lone, lone, found)], tmp_path / "c.png")
    with Image.open(tmp_path / "c.png") as picture:
        pixels = np.asarray(picture.convert("RGB"))[:, : picture.width // 2].astype(int)
    tinted = (pixels[..., 0] > 240) & (pixels[..., 2] < 235) & (pixels[..., 2] > 200)
    rows, columns = np.nonzero(tinted)
    middle_row, middle_column = (rows.min() + rows.max()) / 2, (columns.min() + columns.max()) / 2
    right, down = columns > middle_column + 2, rows > middle_row + 2
    left, up = columns < middle_column - 2, rows < middle_row - 2
    assert (right & down).sum() > 1000
    assert (left & up).sum() > 1000
    assert not (right & up).any()
    assert not (left & down).any()


def test_the_same_picture_twice_is_the_same_file(tmp_path):
    for name in ("a.svg", "b.svg"):
        draw_consistency([panel()], tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_what_cannot_be_drawn(tmp_path):
    with pytest.raises(OutputError, match=r"must end in \.png or \.svg"):
        draw_consistency([panel()], tmp_path / "c.gif")
    with pytest.raises(UserError, match="nothing to draw"):
        draw_consistency([], tmp_path / "c.png")


def test_tables():
    bins = bins_table([panel()])
    first, equal, least, *_ = bins.iter_rows(named=True)
    assert (first["bin"], first["pairs"], first["judged_equal"], first["rate"]) == ("all", 6, 1, 0.5)
    assert (equal["bin"], equal["pairs"], equal["rate"], equal["wilson_low"]) == ("equal scores", 1, None, None)
    assert (least["bin"], least["inconsistent"], least["rate"]) == ("0 to 0.02", 1, 1 / 3)
    assert bins.schema["contents_high"] == pl.Float64
    points = points_table([panel(), panel("other")])
    assert points.filter(name="mine").select("difference", "balance", "pairs").rows() == [
        (pytest.approx(-0.29), 0.2, 1),
        (0.0, 1.0, 1),
        (0.01, -1.0, 1),
        (0.01, 1.0, 2),
        (pytest.approx(0.29), 0.0, 1),
    ]
    pairs = pl.DataFrame({"image_a": list("abcdefgh")})
    assert inconsistent_table(pairs, panel()).rows() == [("d", -0.3, 0.2), ("c", 0.01, -1.0)]
