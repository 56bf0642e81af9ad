"""The tutorial's commands and its Python, run in order as they stand, on what the demo leaves in small."""

import re
import shlex
from collections.abc import Mapping
from pathlib import Path

import pytest
from PIL import Image, ImageFilter
from tests.end_to_end.command import inside

PAGE = (Path(__file__).parents[2] / "docs" / "tutorial.md").read_text(encoding="utf-8")
MAKEFILE = (Path(__file__).parents[2] / "Makefile").read_text(encoding="utf-8")
RESTORED = {"degraded": 2.0, "median": 1.5, "gaussian": 1.0, "nonlocal-means": 0.5}


@pytest.fixture
def demo(photographs: Mapping[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, path in photographs.items():
        whole = Image.open(path).convert("RGB").resize((96, 64))
        for folder, picture in (
            ("references", whole),
            *((f"images/{each}", whole.filter(ImageFilter.GaussianBlur(width))) for each, width in RESTORED.items()),
        ):
            (tmp_path / "demo" / folder).mkdir(parents=True, exist_ok=True)
            picture.save(tmp_path / "demo" / folder / f"{name}.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_command_does_what_the_page_says(demo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    blocks = re.findall(r"^```(\w+)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    commands = [shlex.split(line) for kind, block in blocks if kind == "sh" for line in block.splitlines()]
    printed = [inside(*command[1:]).stdout for command in commands if command[0] == "fgresq"]
    assert len(printed) == len(commands) == 7
    look, compared, two, *_ = printed
    assert "2 algorithms, 6 images; 3 of 3 contents shared" in look
    assert "of 3 contents; neither on" in compared
    assert "nothing is called better under 6" in two
    for written in re.findall(r"--(?:report|output|figure) (\S+)", PAGE):
        assert (demo / written).stat().st_size > 0
    (code,) = [block for kind, block in blocks if kind == "python"]
    exec(code, {})  # noqa: S102 - our own page
    assert capsys.readouterr().out.strip() in RESTORED
    assert (demo / "ranking.xlsx").stat().st_size > 0


def test_make_demo_leaves_these_folders() -> None:
    assert "make_demo_images.py demo/images demo/references" in MAKEFILE
