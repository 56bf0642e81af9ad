"""What the house promises of itself."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import fgresq

SOURCE = Path(fgresq.__file__).parent
COMMAND = Path(sys.executable).with_name("fgresq")
HEAVY = ("torch", "transformers", "polars", "cv2", "huggingface_hub", "numpy", "scipy", "PIL", "jinja2")


def imported_by(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint(*sys.modules)"
    printed = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    return {name.split(".")[0] for name in printed.splitlines()[-1].split()}


@pytest.mark.parametrize(
    "statement",
    [
        "import fgresq",
        "import fgresq.cli.app",
        "from typer.testing import CliRunner; from fgresq.cli.app import app; CliRunner().invoke(app, ['--help'])",
        "from typer.testing import CliRunner; from fgresq.cli.app import app; CliRunner().invoke(app, ['rank', '-h'])",
    ],
)
def test_help_imports_nothing_heavy(statement: str) -> None:
    assert not imported_by(statement) & set(HEAVY)


def test_reports_and_criteria_do_not_import_torch() -> None:
    statement = "import fgresq.report.tables, fgresq.report.ranking_page, fgresq.criteria.scaling, fgresq.images.decode"
    assert "torch" not in imported_by(statement)


def test_public_names() -> None:
    assert set(fgresq.__all__) <= set(dir(fgresq))
    for name in fgresq.__all__:
        assert getattr(fgresq, name) is not None
    page = (SOURCE.parents[1] / "docs" / "python.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `fgresq\.(\w+)", page, re.MULTILINE))
    assert documented == set(fgresq.__all__) - {"__version__"}
    assert re.fullmatch(r"\d+\.\d+\.\d+", fgresq.__version__)
    with pytest.raises(AttributeError, match="no attribute 'scorer'"):
        _ = fgresq.scorer


def test_version_of_the_command() -> None:
    printed = subprocess.run([COMMAND, "--version"], check=True, capture_output=True, text=True).stdout
    assert printed.strip() == f"fgresq {fgresq.__version__}"


def test_modules_stay_short() -> None:
    for module in SOURCE.rglob("*.py"):
        lines = module.read_text(encoding="utf-8").count("\n")
        assert lines <= 500, f"{module} has {lines} lines"


def test_no_module_is_a_drawer() -> None:
    assert not [path for path in SOURCE.rglob("*") if path.stem in {"utils", "common", "helpers", "misc"}]
