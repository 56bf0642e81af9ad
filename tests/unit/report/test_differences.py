from xml.etree import ElementTree

import pytest
from PIL import Image

from fgresq.errors import OutputError, UserError
from fgresq.report.differences import Differences, draw_differences

PANEL = Differences("mine", 40.0, 0.1, {"Denoising": [3, 5, 0, 2, 1], "Deraining": [1, 0, 0, 0, 0, 0, 7]}, 20)


def text_of(path):
    """What the picture says: matplotlib leaves the text of glyphs in comments."""
    parser = ElementTree.XMLParser(target=ElementTree.TreeBuilder(insert_comments=True))  # noqa: S314 - our own file
    root = ElementTree.parse(path, parser).getroot()  # noqa: S314
    return [node.text.strip() for node in root.iter() if node.tag is ElementTree.Comment]


def test_a_picture_names_source_tasks_counts_and_tau(tmp_path):
    path = tmp_path / "d.svg"
    draw_differences([PANEL, Differences("other", 1.0, None, {"Dehazing": [0, 4]}, 20)], path)
    said = text_of(path)
    for text in ("mine", "other", "Denoising, 11 pairs", "Deraining, 8 pairs", "Dehazing, 4 pairs", "tau 4"):
        assert text in said
    assert len([text for text in said if text.startswith("tau")]) == 1


def test_the_same_picture_twice_is_the_same_file(tmp_path):
    for name in ("a.svg", "b.svg"):
        draw_differences([PANEL], tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_png_and_many_panels(tmp_path):
    sizes = {}
    for count in (1, 5):
        draw_differences([PANEL] * count, tmp_path / "d.png")
        with Image.open(tmp_path / "d.png") as picture:
            sizes[count] = picture.size
            assert len(picture.convert("RGB").getcolors(1 << 20)) > 3
    assert sizes[5][0] > 2.5 * sizes[1][0]
    assert sizes[5][1] == 2 * sizes[1][1]


def test_what_cannot_be_drawn(tmp_path):
    with pytest.raises(OutputError, match=r"must end in \.png or \.svg"):
        draw_differences([PANEL], tmp_path / "d.gif")
    with pytest.raises(UserError, match="nothing to draw"):
        draw_differences([], tmp_path / "d.png")
    with pytest.raises(OutputError, match="no folder"):
        draw_differences([PANEL], tmp_path / "absent" / "d.png")
