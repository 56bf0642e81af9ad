"""Every declaration of a metric, and what keeps a wrong one out."""

import math
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from fgresq.errors import UserError
from fgresq.metrics.base import MetricCard
from fgresq.metrics.catalogue import PAPER, card_of, cards
from fgresq.metrics.catalogue.lookup import table
from fgresq.metrics.engines.declarations import ENGINES
from fgresq.metrics.native import NATIVE

SPECS = cards()


def changed(of, **change):
    return MetricCard(**{**card_of(of).model_dump(), **change})


def test_every_metric_of_the_paper_has_its_row():
    assert {spec.name for spec in SPECS} >= {*PAPER, "musiq", "co-instruct", "visualquality-r1"}
    full = [name for name in PAPER if card_of(name).full_reference]
    assert full == ["psnr", "ssim", "lpips", "dists", "afine"]
    native = {name for name in PAPER if card_of(name).engine in ("native", "fgresq")}
    assert native == {"psnr", "ssim", "niqe", "ilniqe", "brisque", "fgresq"}


def test_every_engine_exists_and_has_something_to_run():
    assert {spec.engine for spec in SPECS} == {"native", "fgresq", "composite", *ENGINES}


def test_native_ones_are_those_that_can_be_called():
    assert {spec.name for spec in SPECS if spec.engine == "native"} == set(NATIVE)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_declarations_are_whole(spec):
    assert card_of(spec.name) is spec
    assert spec.citation[-4:].isdigit()
    assert spec.licence
    if spec.engine in ENGINES:
        assert spec.licence != MetricCard.model_fields["licence"].default  # that's ours
        assert spec.home_page or not spec.licence_of_parameters
    if spec.engine == "pyiqa":
        assert "Noncommercial" in spec.licence
    for note in spec.notes:
        assert note.endswith(".")


@pytest.mark.parametrize(
    ("name", "direction"),
    [("lpips", False), ("dists", False), ("afine", False), ("niqe", False), ("brisque", False), ("gmsd", False)]
    + [(n, True) for n in ("psnr", "ssim", "musiq", "liqe", "clipiqa", "qalign", "deqa-score", "fgresq", "fsim")],
)
def test_directions(name, direction):
    assert card_of(name).higher_is_better is direction
    assert card_of(name).oriented(2.0) == (2.0 if direction else -2.0)


def test_unknown_names_list_the_nearest():
    with pytest.raises(UserError, match=r"no metric is called 'LPIPZ'; did you mean lpips"):
        card_of("LPIPZ")


def test_names_are_unique_and_so_is_what_runs():
    with pytest.raises(ValueError, match="two metrics are called lpips"):
        table([*SPECS, card_of("lpips")])
    with pytest.raises(ValueError, match="lpips and other are both lpips of the engine pyiqa"):
        table([*SPECS, changed("lpips", name="other")])


@pytest.mark.parametrize(
    ("name", "change", "complaint"),
    [
        ("lpips", {"engine_name": ""}, "has a name for it"),
        ("psnr", {"engine_name": "psnr"}, "has a name for it"),
        ("psnr", {"name": "PSNR Y"}, "a name like ms-ssim"),
        ("psnr", {"citation": ""}, "and a citation"),
    ],
)
def test_what_no_metric_of_the_catalogue_may_be(name, change, complaint):
    with pytest.raises(ValueError, match=complaint):
        table([changed(name, **change)])


@pytest.mark.parametrize(
    ("name", "change", "complaint"),
    [
        ("lpips", {"licence_of_parameters": None}, "have a licence"),
        ("niqe", {"parameters_from": ""}, "come from somewhere"),
        ("liqe", {"lowest": 5, "highest": 1}, "is empty"),
        ("liqe", {"highest": math.inf}, "finite number"),
        ("liqe", {"revision": 0}, "greater than or equal to 1"),
    ],
)
def test_what_contradicts_itself_is_refused(name, change, complaint):
    with pytest.raises(ValidationError, match=complaint):
        changed(name, **change)


def test_the_catalogue_does_not_import_torch():
    code = "import sys, fgresq.metrics.catalogue; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_documentation_names_them_all():
    text = (Path(__file__).parent.parent.parent / "docs" / "metrics.md").read_text(encoding="utf-8")
    assert [spec.name for spec in SPECS if f"`{spec.name}`" not in text] == []
