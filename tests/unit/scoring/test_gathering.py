"""Which images folders, lists and tables hold against each other."""

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.unit.layouts import made

from fgresq.errors import LayoutError, ManifestError, UserError
from fgresq.scoring.gathering import Gathered, gather, gather_mapping


def layout(root: Path, gathered: Gathered) -> dict[str, dict[str, str]]:
    return {
        algorithm: {content: str(path.relative_to(root)) for content, path in contents.items()}
        for algorithm, contents in gathered.images.items()
    }


def test_one_folder_an_algorithm(tmp_path: Path) -> None:
    made(tmp_path, "b/1.png", "b/2.JPG", "a/1.webp", "a/deep/er/3.png", "b/deep/er/3.tif", "a/note.txt", "readme.md")
    made(tmp_path, ".git/1.png", "empty/note.txt", "a/v1.5.png", "b/v1.5.jpg")
    assert layout(tmp_path, gather([tmp_path])) == {
        "a": {"1": "a/1.webp", "v1.5": "a/v1.5.png", "deep/er/3": "a/deep/er/3.png"},
        "b": {"1": "b/1.png", "2": "b/2.JPG", "v1.5": "b/v1.5.jpg", "deep/er/3": "b/deep/er/3.tif"},
    }


def test_a_flat_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = made(tmp_path / "street", "bicubic.png", "x4.v2.JPG", "readme.md")
    expected = {"bicubic": {"street": "bicubic.png"}, "x4.v2": {"street": "x4.v2.JPG"}}
    assert layout(folder, gather([folder])) == expected
    monkeypatch.chdir(folder)
    assert {content for contents in gather(["."]).images.values() for content in contents} == {"street"}


def test_several_folders_and_names_for_them(tmp_path: Path) -> None:
    made(tmp_path, "x/SwinIR/1_SwinIR.png", "x/SwinIR/2_SwinIR.png", "y/HAT/1.png", "y/HAT/2.png")
    swinir, hat = tmp_path / "x" / "SwinIR", tmp_path / "y" / "HAT"
    found = layout(tmp_path, gather([swinir, hat]))
    assert found == {
        "SwinIR": {"1": "x/SwinIR/1_SwinIR.png", "2": "x/SwinIR/2_SwinIR.png"},
        "HAT": {"1": "y/HAT/1.png", "2": "y/HAT/2.png"},
    }
    assert list(gather([f"mine/v2={swinir}", f"HAT={hat}"]).images) == ["mine/v2", "HAT"]


def test_files_whose_format_is_not_read_are_counted_beside_images(tmp_path: Path) -> None:
    made(tmp_path, "a/1.png", "a/1.exr", "a/deep/2.EXR", "b/1.png", "elsewhere/3.heic", "b/.hidden/4.exr")
    (tmp_path / "b" / "more").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "b" / "up").symlink_to(tmp_path)
    said = "passed over, since these formats aren't read: {}; convert them to PNG, or unpack them"
    several = gather([tmp_path / "a", tmp_path / "b"])
    assert several.notes[-1] == said.format("2 .exr, 1 .heic")
    assert several.notes[-1] in several.summary()
    assert gather([tmp_path]).notes[-1] == said.format("2 .exr, 2 .heic"), "below `elsewhere` too"
    assert not any("passed over" in note for note in gather([made(tmp_path / "c", "a/1.png", "b/1.png")]).notes)


def test_folders_of_one_name_are_called_by_those_above(tmp_path: Path) -> None:
    made(tmp_path, "SwinIR/out/1.png", "HAT/out/1.png", "x/HAT/out/1.png")
    places = [tmp_path / "SwinIR" / "out", tmp_path / "HAT" / "out"]
    assert list(gather(places).images) == ["SwinIR", "HAT"]
    three = gather([*places, tmp_path / "x" / "HAT" / "out"])
    assert [name.split("/")[-2:] for name in three.images][2] == ["x", "HAT"]
    with pytest.raises(LayoutError, match="named twice; name each folder once, or tell them apart as NAME=DIR"):
        gather([places[0], places[0]])


def test_a_folder_whose_name_has_an_equals_sign(tmp_path: Path) -> None:
    made(tmp_path, "lr=1/1.png", "lr=2/1.png")
    assert list(gather([tmp_path / "lr=1", tmp_path / "lr=2"]).images) == ["lr=1", "lr=2"]


def test_links_to_folders(tmp_path: Path) -> None:
    made(tmp_path, "one/SwinIR/1.png", "two/results/1.png")
    (tmp_path / "all").mkdir()
    (tmp_path / "all" / "SwinIR").symlink_to(tmp_path / "one" / "SwinIR")
    (tmp_path / "all" / "HAT").symlink_to(tmp_path / "two" / "results")
    assert layout(tmp_path, gather([tmp_path / "all"])) == {
        "HAT": {"1": "all/HAT/1.png"},
        "SwinIR": {"1": "all/SwinIR/1.png"},
    }
    (tmp_path / "link").symlink_to(tmp_path / "two" / "results")
    assert list(gather([tmp_path / "one" / "SwinIR", tmp_path / "link"]).images) == ["SwinIR", "link"]


def test_files_of_a_flat_folder_by_name(tmp_path: Path) -> None:
    made(tmp_path, "baby_a.png", "baby_b.png", "bird_a.png", "bird_b.png", "other.png")
    found = gather(sorted(tmp_path.glob("b*.png")))
    assert {name: set(of) for name, of in found.images.items()} == {"a": {"baby", "bird"}, "b": {"baby", "bird"}}


def test_names_can_be_written_down(tmp_path: Path) -> None:
    made(tmp_path, os.fsdecode(b"\xfc/1.png"), "ü\n/1.png")
    assert layout(tmp_path, gather([tmp_path])).keys() == {"\\xfc", "ü\n"}


def test_what_was_matched_is_said(tmp_path: Path) -> None:
    made(tmp_path, "A/1_x4_A.png", "A/2_x4_A.png", "A/3_x4_A.png", "B/1.png", "B/2.png")
    assert gather([tmp_path]).summary() == (
        "2 algorithms, 5 images; 2 of 3 contents shared by two algorithms or more",
        "A: names without …_x4_A",
        f"left over, since no other algorithm has the content: {tmp_path}/A/3_x4_A.png",
    )


def test_a_table(tmp_path: Path) -> None:
    made(tmp_path, "p/1.png", "p/2.png", "q.png")
    table = tmp_path / "images.csv"
    table.write_text("\ufeffalgorithm, path ,content,dataset\nA,p/1.png,x,S\nB,p/2.png,x,S\nA,q.png,x,T\n", "utf-8")
    found = gather([table])
    assert layout(tmp_path, found) == {"A": {"S/x": "p/1.png", "T/x": "q.png"}, "B": {"S/x": "p/2.png"}}
    assert found.datasets == {"S/x": "S", "T/x": "T"}
    tabs = tmp_path / "images.tsv"
    tabs.write_text("algorithm\tpath\tcontent\nA\tp/1.png\tx\nB\tp/2.png\tx\n")
    assert layout(tmp_path, gather([tabs])) == {"A": {"x": "p/1.png"}, "B": {"x": "p/2.png"}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("algorithm,content\nA,x\n", r"lacks the columns path; found algorithm, content"),
        ("", "lacks the columns path, algorithm, content; found none"),
        ("path,algorithm,content\np/1.png,A\n", "row 1 lacks a value"),
        ("path,algorithm,content\np/1.png,A,x,more\n", "row 1 lacks a value, or has one too many"),
        ("path,algorithm,content\np/1.png,A,x\np/2.png,A,x\n", "names two files of A for x"),
        ("path,algorithm,content\np/1.png,A,x\np/9.png,B,x\n", r"names 1 files that aren't there, of 2: .*p/9\.png"),
        ("path,algorithm,content\np/1.png,A,x\np/2.png,B,y\n", "no content is shared by two algorithms"),
        ('path,algorithm,content\n"p/1.png,A,x\n', "can't be read as a table"),
    ],
)
def test_a_table_that_is_refused(tmp_path: Path, text: str, message: str) -> None:
    made(tmp_path, "p/1.png", "p/2.png")
    table = tmp_path / "images.csv"
    table.write_text(text)
    with pytest.raises((ManifestError, LayoutError), match=message):
        gather([table])


@pytest.mark.parametrize(
    ("names", "arguments", "message"),
    [
        (("a.txt",), ("",), r"holds 0 algorithms with images; at least two are needed to rank"),
        (("only.png",), ("",), "holds 1 algorithm with images"),
        (("a/x.png", "a/y.png"), ("",), "holds 1 algorithm with images"),
        (("a/1.png", "b/1.txt"), ("",), "holds 1 algorithm with images"),
        (("a/1.png", "b/1.png", "loose.png"), ("",), r"both images and folders .* \(loose image: loose\.png\)"),
        (("a/1.png", "a/1.jpg", "b/1.png"), ("",), r"a/1\.png and .*a/1\.jpg: two files for one content; keep one"),
        (("a.png", "a.jpg", "b.png"), ("",), r"a\.png and .*a\.jpg: two files for one content"),
        (("a/x.png", "b/y.png"), ("",), r"no content is shared by two algorithms.*nearest names: a \(x\) and b \(y\)"),
        (("a/1.png", "b/1.png"), ("a", "gone"), "gone: no such folder; rank takes a folder"),
        (("a/1.png", "b.png"), ("a", "b.png"), r"b\.png: is a file among folders"),
        (("a/1.png", "b/x.txt"), ("a", "b"), "b: no image in this folder"),
        (("a/1.png",), ("a/1.png",), r"1\.png: no such folder, but one image; rank takes"),
        (("a/1.png",), ("A=a",), "holds 1 algorithm"),
        (("a/1.exr", "b/1.EXR", "c.zip"), ("",), r"0 algorithms .*formats that aren't read: 2 \.exr, 1 \.zip; convert"),
        (("a/1.png", "b/1.heic"), ("a", "b"), r"b: no image in this folder; .* 1 \.heic"),
        (("file.txt",), ("file.txt/in",), "no such folder; rank takes a folder with one subfolder an algorithm"),
    ],
)
def test_what_cannot_be_ranked(
    tmp_path: Path, names: tuple[str, ...], arguments: tuple[str, ...], message: str
) -> None:
    made(tmp_path, *names)
    given = [f"A={tmp_path / name[2:]}" if name.startswith("A=") else str(tmp_path / name) for name in arguments]
    with pytest.raises(LayoutError, match=message):
        gather(given)


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("https://x.org/results.zip", "^https://x.org/results.zip: is an address on the web; only files are read"),
        ("-", "^-: standard input isn't read"),
        ("A=-", "standard input isn't read|no such folder"),
        ("results.zip", "it is a ZIP archive .*; unpack it"),
        ("frame.exr", "it is OpenEXR; its values have no white"),
        ("photo.heic", "it is HEIC; convert it to PNG"),
    ],
)
def test_what_is_not_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, argument: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("results.zip").write_bytes(b"PK\x03\x04" + bytes(100))
    Path("frame.exr").write_bytes(b"\x76\x2f\x31\x01" + bytes(100))
    Path("photo.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(100))
    with pytest.raises(UserError, match=message):
        gather([argument])
    with pytest.raises(UserError, match=message):
        gather([argument, argument])


def test_pictures_of_several_shapes_are_not_one_content(tmp_path: Path) -> None:
    for name, size in (("canyon", (64, 48)), ("wren", (48, 64)), ("ocean", (64, 48))):
        Image.new("RGB", size).save(tmp_path / f"{name}.png")
    with pytest.raises(LayoutError, match=r"differ in shape \(wren\.png 48x64, canyon\.png 64x48\)"):
        gather([tmp_path])
    assert len(gather([tmp_path], pattern="(?P<algorithm>.+)").images) == 3
    (tmp_path / "wren.png").unlink()
    assert len(gather([tmp_path]).images) == 2


def test_shapes_tell_that_the_algorithm_comes_first(tmp_path: Path) -> None:
    for name, size in (("canyon", (64, 48)), ("wren", (48, 64))):
        for algorithm in ("mine", "theirs"):
            Image.new("RGB", size).save(tmp_path / f"{algorithm}_{name}.png")
    with pytest.raises(LayoutError, match="read as CONTENT_ALGORITHM: but images of mine differ in shape"):
        gather([tmp_path])
    found = gather([tmp_path], pattern="(?P<algorithm>[^_]+)_(?P<content>.+)")
    assert list(found.images) == ["mine", "theirs"]


def test_a_mapping_of_folders_or_lists(tmp_path: Path) -> None:
    made(tmp_path, "p/1_A.png", "p/2_A.png", "q/1.png", "q/2.png")
    folders = {"A": tmp_path / "p", "B/x": str(tmp_path / "q")}
    images, gathered = gather_mapping(folders)
    assert {name: list(of) for name, of in images.items()} == {"A": ["1", "2"], "B/x": ["1", "2"]}
    assert gathered is not None
    assert gathered.notes == ("A: names without …_A",)
    lists = {"A": sorted((tmp_path / "p").iterdir()), "B/x": sorted(map(str, (tmp_path / "q").iterdir()))}
    assert gather_mapping(lists)[0] == images


def test_a_mapping_of_arrays_goes_by_place() -> None:
    stack = np.zeros((12, 8, 8, 3), np.uint8)
    images, gathered = gather_mapping({"A": stack, "B": list(stack)})
    assert gathered is None
    assert [list(of) for of in images.values()] == [[f"{i:02}" for i in range(12)]] * 2
    given = {"A": {"x": stack[0]}, "B": {"x": stack[1]}}
    assert gather_mapping(given)[0] is given


@pytest.mark.parametrize(
    ("images", "message"),
    [
        ({"A": [np.zeros((8, 8))], "B": {"x": np.zeros((8, 8))}}, "given in different ways"),
        ({"A": [np.zeros((8, 8))], "B": [np.zeros((8, 8))] * 2}, r"different numbers of images \(A: 1, B: 2\)"),
        ({"A": np.zeros((8, 8, 3)), "B": np.zeros((8, 8, 3))}, "A: an object of type ndarray isn't images"),
        ({"A": 3, "B": 4}, "A: an object of type int isn't images of an algorithm"),
        ({"A": "gone", "B": "gone"}, "gone: no such folder"),
    ],
)
def test_a_mapping_that_is_refused(images: Mapping[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        gather_mapping(images)
