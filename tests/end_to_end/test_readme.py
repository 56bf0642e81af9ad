"""The README's own commands and code, run as they stand."""

import ast
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.forked import forked

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
# These two install and run everything, this test included; CI runs them.
OUTER = ("make demo", "make test")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


def commands() -> list[str]:
    lines = (line.split("#")[0].strip() for block in blocks("sh") for line in block.splitlines())
    return [line for line in lines if line and not line.startswith(OUTER)]


@pytest.fixture(scope="module")
def after_make_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("readme")
    script = ROOT / "examples" / "make_demo_images.py"
    subprocess.run([sys.executable, script, "demo/images"], cwd=folder, check=True, capture_output=True)
    return folder


def fgresq(arguments: Sequence[str], folder: Path) -> str:
    done = forked(arguments, cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_readme_begins_with_the_two_commands() -> None:
    assert [line.split("#")[0].strip() for line in blocks("sh")[0].splitlines()] == list(OUTER)


@pytest.mark.parametrize("command", commands())
def test_command(command: str, after_make_demo: Path) -> None:
    program, *arguments = command.split()
    assert program == "fgresq"
    printed = fgresq(arguments, after_make_demo)
    assert "labelled by full-reference metrics, not by people" in " ".join(printed.split())
    written = re.findall(r"--(?:output|report) (\S+)", command)
    assert all((after_make_demo / name).stat().st_size > 0 for name in written)


def test_the_page_on_python(after_make_demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(after_make_demo)
    monkeypatch.setitem(sys.modules, "pandas", SimpleNamespace(DataFrame=dict))  # the page says that it isn't needed
    page = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    names: dict[str, object] = {}
    for code in re.findall(r"^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE):
        exec(code, names)  # noqa: S102 - our own page
    assert Path("comparison.json").stat().st_size > 0
    assert Path("ranking.html").stat().st_size > 0


def test_the_notebook(after_make_demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its cells one after the other, and what each ends in shown as a notebook shows it."""
    monkeypatch.chdir(after_make_demo)
    cells = json.loads((ROOT / "examples" / "ranking.ipynb").read_text(encoding="utf-8"))["cells"]
    names: dict[str, object] = {}
    shown = []
    for number, cell in enumerate(cells):
        if cell["cell_type"] != "code":
            continue
        assert not cell["outputs"], "outputs aren't kept, since they would grow old"
        tree = ast.parse("".join(cell["source"]))
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, f"cell {number}", "exec"), names)  # noqa: S102 - our own notebook
        if last is not None:
            value = eval(compile(ast.Expression(last.value), f"cell {number}", "eval"), names)  # noqa: S307
            shown.append(value._repr_html_() if hasattr(value, "_repr_html_") else repr(value))
    assert any("absent.png" in text and "no such file" in text for text in shown)
    assert any("nonlocal-means" in text and "<table>" in text for text in shown)
    assert Path("ranking.tex").read_text(encoding="utf-8").count("\\toprule") == 1


def test_python(after_make_demo: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(after_make_demo)
    (code,) = blocks("python")
    exec(code, {})  # noqa: S102 - our own page
    score, preference, leader = capsys.readouterr().out.splitlines()
    assert 0 < float(score) < 1
    assert preference in {"A", "B", "equal"}
    assert leader.split()[0] in {path.name for path in (after_make_demo / "demo" / "images").iterdir()}


def test_what_the_readme_points_to_exists() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_the_demo_in_the_makefile_is_what_the_readme_says() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipe = makefile[makefile.index("\ndemo:") : makefile.index("\ntest:")]
    for part in ("make_demo_images.py demo/images", "fgresq compare", "fgresq rank demo/images", "demo/ranking.html"):
        assert part in recipe
    assert shutil.which("make"), "make is needed for both commands"


def test_the_restoration_that_is_nearest_to_the_photographs_comes_first(after_make_demo: Path) -> None:
    """Non-local means: by `lite-dists` it is nearest to all four of them but one, and nearest on the mean by far."""
    fgresq(["rank", "demo/images", "--output", "ranking.json"], after_make_demo)
    document = json.loads((after_make_demo / "ranking.json").read_text(encoding="utf-8"))
    assert document["leaderboard"][0]["algorithm"] == "nonlocal-means"
    fgresq(["score", "demo/images", "--output", "scores.json"], after_make_demo)
    scores = json.loads((after_make_demo / "scores.json").read_text(encoding="utf-8"))["scores"]
    by_algorithm: dict[str, list[float]] = {}
    for entry in scores:
        by_algorithm.setdefault(Path(entry["path"]).parent.name, []).append(entry["score"])
    assert {len(of) for of in by_algorithm.values()} == {4}
    assert max(by_algorithm, key=lambda name: sum(by_algorithm[name])) == "nonlocal-means"
