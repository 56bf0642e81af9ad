"""The page on adding a metric, as it stands: its files are written, its commands and its Python are run, in order."""

import ast
import re
import shlex
import shutil
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from PIL import Image, ImageFilter
from tests.end_to_end.command import inside

from fgresq.metrics import functions, programs
from fgresq.metrics.registry import FORMS, _opened

PAGE = (Path(__file__).parents[2] / "docs" / "add-a-metric.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```', PAGE, re.DOTALL | re.MULTILINE)
LANGUAGES = {"csv", "perl", "python", "sh", "toml"}


@pytest.fixture
def folder(photographs: Mapping[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """What `make demo` leaves, as far as the page needs it, and smaller."""
    whole = Image.open(photographs["coffee"]).convert("RGB").resize((96, 64))
    made = {
        "degraded": whole.filter(ImageFilter.GaussianBlur(2)),
        "median": whole.filter(ImageFilter.MedianFilter(3)),
        "bilateral": whole.filter(ImageFilter.GaussianBlur(0.6)),
        "nonlocal-means": whole,
    }
    for name, picture in made.items():
        (tmp_path / "demo" / "images" / name).mkdir(parents=True)
        picture.save(tmp_path / "demo" / "images" / name / "coffee.png")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield tmp_path
    for name in [name for name, module in sys.modules.items() if is_in(module, tmp_path)]:
        del sys.modules[name]
    _opened.cache_clear()
    functions._imported.cache_clear()
    programs.end_programs()


def is_in(module: object, folder: Path) -> bool:
    return str(getattr(module, "__file__", None) or "").startswith(str(folder))


def install(folder: Path, project: str) -> None:
    """Puts what pip would write of a project where Python finds it."""
    said = tomllib.loads(project)["project"]
    (group,) = said["entry-points"]
    lines = [f"{name} = {target}\n" for name, target in said["entry-points"][group].items()]
    about = folder / f"{said['name'].replace('-', '_')}-{said['version']}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {said['name']}\nVersion: {said['version']}\n")
    (about / "entry_points.txt").write_text(f"[{group}]\n{''.join(lines)}")
    sys.path.append(str(folder))


@pytest.mark.skipif(shutil.which("perl") is None, reason="the program of the page is in Perl, which isn't here")
def test_every_line_of_the_page(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert {language for language, _, _ in BLOCKS} == LANGUAGES, "each of them is run below"
    printed: dict[str, str] = {}
    for language, title, text in BLOCKS:
        if language == "sh":
            for line in text.splitlines():
                program, *arguments = shlex.split(line)
                assert program == "fgresq"
                printed[line] = inside(*arguments, *(("--workers", 1) if "run" in arguments else ())).stdout
        elif title:
            (folder / title).parent.mkdir(parents=True, exist_ok=True)
            (folder / title).write_text(text, encoding="utf-8")
            if language == "toml":
                install(folder, text)
        else:
            exec(compile(ast.parse(text), "the page", "exec"), {})  # noqa: S102 - our own page
    found, lacking = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"contrast 0\.\d+", found)
    assert lacking == "None no such file"
    runs = {line.split()[4]: out for line, out in printed.items() if line.startswith("fgresq benchmark run")}
    assert [re.findall(r"(\d+) scores computed now, 0 failed", out) for out in runs.values()] == [
        ["6"],
        ["6"],
        ["3"],
        ["3"],
        ["0"],  # an entry point is the function that it names
    ]
    table = printed["fgresq benchmark table --store bench --by task"]
    assert re.search(r"NR +scores +0\.500", table)
    shown = printed["fgresq metrics show my_metrics:largest_error"]
    assert "my_metrics:largest_error: Largest error" in shown
    assert "scores: no ends; lower is better" in shown
    assert "program:perl step.pl: Mean step" in printed['fgresq metrics show "program:perl step.pl"']
    assert re.search(r"^contrast +no +higher", printed["fgresq metrics list"], re.MULTILINE)
    assert "my_metrics:contrast" in printed["fgresq rank demo/images --metrics my_metrics:contrast"]


def test_the_page_names_every_form_and_every_attribute() -> None:
    for form in FORMS:
        assert f"`{form}`" in PAGE
    for attribute in functions.ATTRIBUTES:
        assert f"`{attribute}`" in PAGE
    for field in programs.STATED:
        assert f"`{field}`" in PAGE


def test_the_program_of_the_page_is_short() -> None:
    (perl,) = (text for language, _, text in BLOCKS if language == "perl")
    assert len(perl.splitlines()) <= 25
