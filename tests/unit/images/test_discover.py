"""Which files paths, folders and patterns mean, and which layouts `rank` takes."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.unit.layouts import made

from fgresq.curation.sources.tree import Tree
from fgresq.errors import UserError
from fgresq.images.discover import SUFFIXES, find_images, images_below


@contextmanager
def forbidden(folder: Path) -> Iterator[None]:
    """A folder that may not be looked into, also where the tests run as root."""
    mode, is_root = folder.stat().st_mode, os.geteuid() == 0
    folder.chmod(0)
    if is_root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)
        folder.chmod(mode)


def found(root: Path, *arguments: str) -> list[str]:
    return [str(path.relative_to(root)) for path in find_images([str(root / argument) for argument in arguments])]


def test_a_folder_is_searched_to_the_bottom_in_name_order(tmp_path: Path) -> None:
    made(tmp_path, "b.png", "a.JPG", "z/a.Tiff", "m/n/o.webp", "m/a.txt", "notes.md", "png", ".h.png", ".git/a.png")
    assert found(tmp_path, "") == ["a.JPG", "b.png", "m/n/o.webp", "z/a.Tiff"]


def test_every_suffix_counts_in_both_cases(tmp_path: Path) -> None:
    made(tmp_path, *(f"low{suffix}" for suffix in SUFFIXES), *(f"UP{suffix.upper()}" for suffix in SUFFIXES))
    assert len(found(tmp_path, "")) == 2 * len(SUFFIXES)


def test_links_to_files_are_followed_and_links_to_folders_are_not(tmp_path: Path) -> None:
    made(tmp_path, "real/a.png", "in/b.png")
    (tmp_path / "in" / "loop").symlink_to(tmp_path / "in")
    (tmp_path / "in" / "a.png").symlink_to(tmp_path / "real" / "a.png")
    (tmp_path / "in" / "dangling.png").symlink_to(tmp_path / "gone.png")
    (tmp_path / "door").symlink_to(tmp_path / "in")
    assert found(tmp_path, "in") == ["in/a.png", "in/b.png", "in/dangling.png"]
    assert found(tmp_path, "door") == ["door/a.png", "door/b.png", "door/dangling.png"]


def test_a_named_file_is_taken_whatever_it_is_called(tmp_path: Path) -> None:
    made(tmp_path, "picture", "notes.txt", ".hidden.png")
    (tmp_path / "dangling").symlink_to(tmp_path / "gone")
    arguments = ("picture", "notes.txt", ".hidden.png", "dangling")
    assert found(tmp_path, *arguments) == list(arguments)


def test_arguments_keep_their_order_and_nothing_is_taken_twice(tmp_path: Path) -> None:
    made(tmp_path, "d/a.png", "d/b.png", "c.png")
    assert found(tmp_path, "d/b.png", "d", "c.png", "d/../d", "./d/b.png") == [
        "d/b.png",
        "d/a.png",
        "c.png",
        "d/../d/a.png",
        "d/../d/b.png",
    ]
    assert found(tmp_path, "d/b.png", "d", "d/*.png", "d/./b.png") == ["d/b.png", "d/a.png"]


def test_patterns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(tmp_path, "x1.png", "x2.png", "y.txt", "sub/x3.png", "sub/deep/x4.png", "empty/notes.md")
    assert found(tmp_path, "x*.png") == ["x1.png", "x2.png"]
    assert found(tmp_path, "x[2-9].png") == ["x2.png"]
    assert found(tmp_path, "**/x*.png") == ["sub/deep/x4.png", "sub/x3.png", "x1.png", "x2.png"]
    assert found(tmp_path, "s*") == ["sub/x3.png", "sub/deep/x4.png"]
    assert found(tmp_path, "[es]*") == ["sub/x3.png", "sub/deep/x4.png"]  # a matched folder without images is passed
    monkeypatch.chdir(tmp_path)
    assert find_images(["x?.png"]) == [Path("x1.png"), Path("x2.png")]


@pytest.mark.parametrize("name", ["a[1].png", "what?.png", "*.png", "[.png", "two\nlines.png", "大 ü.png", "-o.png"])
def test_a_name_that_looks_like_a_pattern_is_a_name_first(tmp_path: Path, name: str) -> None:
    made(tmp_path, name, "a1.png", "other.png", "whatx.png")
    assert found(tmp_path, name) == [name]


def test_names_that_are_not_utf_8(tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff\xfe.png")
    made(tmp_path, name)
    assert found(tmp_path, name) == found(tmp_path, "") == found(tmp_path, "*.png") == [name]


SYSTEMS_OWN = ("@eaDir", "#recycle", "$RECYCLE.BIN", "lost+found", "__MACOSX", "System Volume Information")


@pytest.mark.parametrize("name", [*SYSTEMS_OWN, *map(str.lower, SYSTEMS_OWN), *map(str.upper, SYSTEMS_OWN)])
def test_what_systems_keep_for_themselves_is_no_picture_of_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    made(tmp_path, "a/1.png", f"a/{name}/1.png/SYNOPHOTO_THUMB_M.jpg", f"{name}/a/1.png", f"{name}/x.jpg", "b/1.png")
    monkeypatch.chdir(tmp_path)
    assert found(tmp_path, "") == found(tmp_path, "*") == found(tmp_path, "**/*.*") == ["a/1.png", "b/1.png"]
    assert found(tmp_path, *sorted(path.name for path in tmp_path.iterdir())) == ["a/1.png", "b/1.png"]  # a shell's *
    assert list(Tree(tmp_path)) == ["a/1.png", "b/1.png"]
    made(tmp_path / "flat", "x.png", "y.png", f"{name}/x.png/SYNOPHOTO_THUMB_M.jpg")
    assert [path.name for path in images_below(tmp_path / "flat", through_links=True)] == ["x.png", "y.png"]
    with pytest.raises(UserError, match="no image in this folder"):
        find_images([str(made(tmp_path / "c", f"{name}/1.png"))])
    with pytest.raises(UserError, match="the pattern matches no image"):
        find_images(["c/*/*.png"])


def test_what_systems_keep_for_themselves_is_read_where_it_alone_is_named(tmp_path: Path) -> None:
    made(tmp_path, "lost+found/#12/a.png", "lost+found/b.png", "recycled/c.png", "c.png")
    assert found(tmp_path, "lost+found") == ["lost+found/b.png", "lost+found/#12/a.png"]
    assert found(tmp_path, "lost+found/*.png") == found(tmp_path, "lost+found/b.png") == ["lost+found/b.png"]
    assert found(tmp_path, "lost+found/#12", "c.png") == ["lost+found/#12/a.png", "c.png"]
    assert found(tmp_path, "recycled", "c.png") == ["recycled/c.png", "c.png"]


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("https://x.org/a.png", r"^https://x\.org/a\.png: is an address on the web; only files are read: download it"),
        ("s3://bucket/*.png", r"^s3://bucket/\*\.png: is an address on the web; only files are read: download it"),
        ("-", "^-: standard input isn't read; name a file or folder"),
    ],
)
def test_what_is_no_file(argument: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        find_images([argument])


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("gone.png", r"gone\.png: no such file or folder"),
        ("notes.txt/a.png", r"a\.png: no such file or folder"),
        ("gone\n.png", "no such file or folder"),
        ("*.gif", r"\*\.gif: the pattern matches no image"),
        ("em*", r"em\*: the pattern matches no image"),
        ("empty", r"empty: no image in this folder \(looked for \.avif, \.bmp, "),
        ("a" * 300, "can't be opened \\(File name too long\\)"),
        ("nul\0", "can't be opened"),
    ],
)
def test_what_cannot_be_found(tmp_path: Path, argument: str, message: str) -> None:
    made(tmp_path, "notes.txt", "empty/notes.txt", "empty/.hidden.png", "good.png")
    with pytest.raises(UserError, match=message):
        find_images([str(tmp_path / "good.png"), str(tmp_path / argument)])


def test_an_empty_argument_is_not_the_present_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(made(tmp_path, "a.png"))
    with pytest.raises(UserError, match="'': no such file or folder"):
        find_images([""])
    assert find_images(["."]) == [Path("a.png")]


def test_a_folder_that_may_not_be_read_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(tmp_path, "d/closed/a.png", "d/open.png")
    for folder in (tmp_path, tmp_path / "d"):
        folder.chmod(0o755)
    monkeypatch.chdir(tmp_path)  # so that what lies above isn't asked about
    with forbidden(Path("d/closed")):
        with pytest.raises(UserError, match=r"^d/closed: can't be read \(Permission denied\)"):
            find_images(["d"])
        with pytest.raises(UserError, match=r"^d/closed/a\.png: can't be opened \(Permission denied\)"):
            find_images(["d/closed/a.png"])
        with pytest.raises(UserError, match=r"^d/closed: can't be read \(Permission denied\)"):
            list(images_below(Path("d"), through_links=True))


def test_what_is_not_read_is_counted_where_nothing_else_is_there(tmp_path: Path) -> None:
    made(tmp_path, "a/1.EXR", "a/2.exr", "b.heic", "c.txt", ".d.exr")
    with pytest.raises(UserError, match=r"no image in this folder \(.*\); not read: 2 \.exr, 1 \.heic$"):
        find_images([str(tmp_path)])


def test_images_below_gives_nothing_for_a_folder_without_any(tmp_path: Path) -> None:
    assert list(images_below(made(tmp_path, "a.txt"))) == []


def test_links_to_folders_are_followed_where_asked_and_never_up(tmp_path: Path) -> None:
    made(tmp_path, "real/a.png", "real/deep/b.png", "in/c.png")
    (tmp_path / "in" / "door").symlink_to(tmp_path / "real")
    (tmp_path / "in" / "loop").symlink_to(tmp_path)
    (tmp_path / "real" / "deep" / "up").symlink_to(tmp_path / "real")
    names = [str(path.relative_to(tmp_path)) for path in images_below(tmp_path / "in", through_links=True)]
    assert names == ["in/c.png", "in/door/a.png", "in/door/deep/b.png"]
    assert [path.name for path in images_below(tmp_path / "in")] == ["c.png"]
