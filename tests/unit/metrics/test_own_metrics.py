"""Metrics that users name: tables of scores, functions, objects, programs, and what installed packages bring."""

import math
import shlex
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest
from PIL import Image

import fgresq
from fgresq.cli.options import metric_names
from fgresq.errors import UserError
from fgresq.metrics import functions, programs
from fgresq.metrics.base import Metric, PairMetric, Score
from fgresq.metrics.registry import (
    FORMS,
    _opened,
    all_cards,
    all_that_work,
    check,
    find_card,
    identify,
    missing,
    open_metric,
)
from fgresq.metrics.runners import MetricSettings

USUAL = MetricSettings()
Write = Callable[[str, str], Path]


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Modules in the test's own folder, and nothing that stays open."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "") or "").startswith(str(tmp_path)):
            del sys.modules[name]
    _opened.cache_clear()
    functions._imported.cache_clear()
    programs.end_programs()


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def file(name: str, content: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(content))
        return path

    return file


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    """Flat pictures of three greys, and a file that is none."""
    paths = [tmp_path / f"{level}.png" for level in (10, 20, 30)]
    for path in paths:
        Image.fromarray(np.full((12, 9, 3), int(path.stem), dtype=np.uint8)).save(path)
    (tmp_path / "bad.png").write_bytes(b"")
    return [*paths, tmp_path / "bad.png"]


def opened(name: str, settings: MetricSettings) -> Metric:
    return open_metric(identify(name, settings), settings)


def scores_of(name: str, *images: str | Path) -> list[Score]:
    return opened(name, USUAL).score([(image, None) for image in images])


# A table of scores.


def test_a_row_serves_the_image_whose_path_ends_in_it(write: Write, tmp_path: Path) -> None:
    write("out/scores.csv", "name,path,score\nx,a/1.png,0.5\ny,1.png,0.25\nz,../there/2.png,inf\nw,a/3,-1e-3\n")
    found = scores_of("csv:out/scores.csv", "/results/a/1.png", "a/1.png", "b/1.png", tmp_path / "there" / "2.png")
    assert [score.value for score in found] == [None, None, 0.25, math.inf]
    assert (
        found[0]
        == found[1]
        == Score(
            None, f"2 images are called {Path('a', '1.png')}, and scores.csv has one row for them; add folders to it"
        )
    )
    assert scores_of("csv:out/scores.csv", "/results/a/1.png") == [Score(0.5)]
    assert scores_of("csv:out/scores.csv", "a/3", "a/4") == [Score(-0.001), Score(None, "scores.csv has no row for it")]


def test_a_cell_without_a_number_is_that_image_s_failure(write: Write) -> None:
    write("s.csv", "image,score\na.png,\nb.png,n/a\nc.png,nan\nd.png,1\n")
    found = scores_of("csv:s.csv", "a.png", "b.png", "c.png", "d.png")
    assert [score.error for score in found] == [
        "s.csv, line 2: has no score",
        "s.csv, line 3: 'n/a' isn't a number",
        "s.csv, line 4: 'nan' isn't a number",
        None,
    ]


def test_what_identifies_a_table_is_its_content(write: Write) -> None:
    write("s.csv", "path,score\na.png,1\n")
    write("elsewhere/t.csv", "path,score\na.png,1\n")
    key = identify("csv:s.csv").key
    assert key == identify("csv:elsewhere/t.csv").key == identify("csv:s.csv:lower").key
    assert [find_card(f"csv:s.csv{end}").higher_is_better for end in ("", ":higher", ":lower")] == [True, True, False]
    assert find_card("csv:s.csv:lower").title == "s"
    write("s.csv", "path,score\na.png,2\n")
    assert identify("csv:s.csv").key != key


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("path,value\na,1\n", "has the columns path, value; a table with the columns `path`"),
        ("", r"has the columns \(none\)"),
        ("path,score\n", "has no rows"),
        ("path,score\na,1\nb,1\na,2\n", "lines 2 and 4 give a two scores; keep one"),
        ("path,score\n,1\n", "line 2: names no image"),
        ("path,score\n\xff,1\n", "isn't text in UTF-8"),
    ],
)
def test_what_is_no_table_of_scores(content: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text(content, encoding="latin-1")
    with pytest.raises(UserError, match=f"s.csv.*{said}"):
        check("csv:s.csv")


def test_a_table_that_is_not_there() -> None:
    assert "none.csv: no such file" in missing(find_card("csv:none.csv")).what
    for name in ("csv:none.csv", "csv:none.csv:lower"):
        with pytest.raises(UserError, match=r"none\.csv: no such file; a table with the columns"):
            identify(name)
    with pytest.raises(UserError, match="names no file; write csv:FILE"):
        find_card("csv:")


# A function.

MINE = """
    import numpy as np

    def mean(image):
        return image.mean() * 255

    def error(image, reference):
        return np.abs(image - reference).max() * 255

    error.higher_is_better, error.title, error.version = False, "Largest", "3"
    error.lowest, error.highest, error.spreads, error.licence = 0, 255, False, "MIT"

    def either(image, reference=None, scale=1):
        return scale

    def many(*pictures):
        return 0

    def raises(image):
        raise KeyError("no such\\nlayer")

    def words(image):
        return "good"

    def nothing(image):
        return float("nan")

    number = 3
"""


def test_a_function_of_one_picture_and_one_of_two(write: Write, pictures: list[Path]) -> None:
    write("mine.py", MINE)
    assert [round(score.value or 0, 3) for score in scores_of("mine:mean", *pictures)] == [10, 20, 30, 0]
    assert scores_of("mine:mean", pictures[-1]) == [Score(None, "is empty (0 bytes)")]
    card = find_card("mine:error")
    assert (card.full_reference, card.higher_is_better, card.title, card.spreads) == (True, False, "Largest", False)
    assert (card.lowest, card.highest, card.licence, card.engine) == (0, 255, "MIT", "python")
    both = opened("mine:error", USUAL).score([(pictures[0], pictures[2]), (pictures[0], None)])
    assert both[0].value == pytest.approx(20, abs=1e-4)
    assert both[1].error == "Largest compares a picture with its reference; none was given"
    assert not find_card("mine:either").full_reference
    assert not find_card("mine:mean:lower").higher_is_better
    assert find_card("mine:error:higher").higher_is_better


def test_what_a_function_does_wrong_is_that_image_s_failure(write: Write, pictures: list[Path]) -> None:
    write("mine.py", MINE)
    found = [scores_of(f"mine:{name}", pictures[0])[0].error for name in ("raises", "words", "nothing")]
    assert found == [
        "KeyError: 'no such\\nlayer'",
        "the metric's answer is of type str, not a number",
        "the metric's answer isn't a number",
    ]


def test_a_function_is_called_with_arrays_too(write: Write) -> None:
    write("mine.py", MINE)
    mean = fgresq.metric("mine:mean")
    assert isinstance(mean, Metric)
    assert mean(np.full((4, 4, 3), 0.5, dtype=np.float32)) == 127.5  # type: ignore[operator]
    with pytest.raises(UserError, match="mine:mean reads no parameters, but here was given"):
        fgresq.metric("mine:mean", "here")


def test_an_edited_source_or_another_version_is_another_metric(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write("mine.py", MINE)
    mean, error = identify("mine:mean"), identify("mine:error")
    assert error.version == "3"
    assert identify("mine:mean:lower").key == mean.key
    write("mine.py", MINE + "\n    more = 1\n")
    assert identify("mine:mean").key != mean.key
    assert identify("mine:error").key == error.key
    monkeypatch.setattr(functions._imported("mine:error"), "version", 4)
    assert identify("mine:error").version == "4"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mine:", "names no function; write MODULE:FUNCTION"),
        ("mine:lower", "names no function"),
        ("mine:maen", "mine has no maen; did you mean mean"),
        ("mine:number", "is of type int; a function of a picture is needed"),
        ("mine:many", "parameters don't say whether .* an attribute `full_reference`"),
        ("broken:mean", "the module broken can't be imported .ZeroDivisionError: division by zero"),
        ("needs:mean", "the module needs can't be imported .ModuleNotFoundError: No module named 'absent_package'"),
        ("math:sqrt", "its source can't be read, so give it an attribute `version`"),
        (
            "cvs:scores.csv",
            r"no module cvs is installed, .*; did you mean csv:FILE\? Metrics of your own are named fgresq:FILE",
        ),
        ("no-module:f", "and 'no-module' is no module of Python; metrics of your own are named"),
        ("", r"no metric is called ''; known: .*visualquality-r1; metrics of your own are named .*program:COMMAND"),
        ("pnsr", r"no metric is called 'pnsr'; did you mean .*psnr.*\? Metrics of your own are named"),
    ],
)
def test_names_that_are_wrong(name: str, said: str, write: Write) -> None:
    write("mine.py", MINE)
    write("broken.py", "1 / 0")
    write("needs.py", "import absent_package")
    with pytest.raises(UserError, match=said):
        identify(name)


def test_every_form_is_named_in_an_error() -> None:
    with pytest.raises(UserError) as raised:
        find_card("pnsr")
    assert all(form in str(raised.value) for form in FORMS)


def test_an_object_with_a_card_is_taken_as_it_is(write: Write) -> None:
    write(
        "network.py",
        """
        from fgresq import MetricCard, Score

        class Network:
            made = 0
            card = MetricCard(name="n", title="N", full_reference=False, higher_is_better=True, version="7", at_once=5)

            def __init__(self):
                Network.made += 1

            def score(self, items):
                return [Score(float(len(items))) for _ in items]

        class Needy(Network):
            def __init__(self, weights): ...

        plain = Network()
        """,
    )
    card = identify("network:Network:lower")
    assert (card.name, card.title, card.version, card.at_once) == ("network:Network:lower", "N", "7", 5)
    assert (card.higher_is_better, card.licence, card.metric) == (False, "not stated", "network:Network")
    assert scores_of("network:Network", "a", "b") == [Score(2.0), Score(2.0)]
    assert functions._imported("network:Network.made") == 2, "one for `plain`, one for the class"
    assert scores_of("network:plain", "a") == [Score(1.0)]
    with pytest.raises(UserError, match="no object of this class can be made without arguments"):
        find_card("network:Needy")


def test_what_an_object_does_wrong_is_that_image_s_failure(write: Write) -> None:
    write(
        "wrong.py",
        """
        from fgresq import MetricCard, Preference, Score
        from fgresq.metrics.base import PairScore

        def card(**more):
            return MetricCard(name="n", title="N", full_reference=False, higher_is_better=True, version="7", **more)

        class Fails:
            card = card(compares=True)

            def score(self, items):
                if any(path == "b" for path, _ in items):
                    raise KeyError("b")
                return [Score(float("nan")) if path == "n" else Score(1.0) for path, _ in items]

            def compare(self, pairs):
                if ("a", "b") in pairs:
                    raise ValueError
                return [PairScore(Preference.A, None, None, None, (Score(1.0), Score(0.0))) for _ in pairs]

        class Few:
            card = card()

            def score(self, items):
                return [1.0]

        class Promises(Few):
            card = card(compares=True)
        """,
    )
    assert scores_of("wrong:Fails", "a", "b", "n") == [
        Score(1.0),
        Score(None, "KeyError: 'b'"),
        Score(None, "the metric's answer isn't a number"),
    ]
    fails = opened("wrong:Fails", USUAL)
    assert isinstance(fails, PairMetric)
    good, bad = fails.compare([("a", "c"), ("a", "b")])
    assert (good.preference, bad.preference, bad.scores[1].error) == (fgresq.Preference.A, None, "ValueError")
    assert not isinstance(opened("wrong:Few", USUAL), PairMetric)
    with pytest.raises(UserError, match=r"wrong:Few: answered 1 times for 2 images \(float\); one fgresq\.Score each"):
        scores_of("wrong:Few", "a", "b")
    with pytest.raises(UserError, match="its card says that it compares, but it has no `compare`"):
        find_card("wrong:Promises")


# What installed packages bring.


def test_entry_points_stand_beside_the_catalogue(write: Write, tmp_path: Path, pictures: list[Path]) -> None:
    write("mine.py", MINE)
    write("mine-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: mine\nVersion: 1\n")
    write(
        "mine-1.dist-info/entry_points.txt",
        "[fgresq.metrics]\nmy-mean = mine:mean\ngone = absent:f\npsnr = mine:mean\n",
    )
    sys.path.append(str(tmp_path))
    assert [card.name for card in all_cards()][-2:] == ["gone", "my-mean"]
    assert find_card("psnr").engine == "native", "the catalogue's names are its own"
    assert identify("my-mean").key == identify("mine:mean").key
    assert scores_of("my-mean", pictures[1])[0].value == pytest.approx(20, abs=1e-4)
    working, reasons = all_that_work(USUAL)
    assert "my-mean" in [card.name for card in working]
    assert reasons["gone"].startswith("absent:f: no module absent is installed")
    with pytest.raises(UserError, match="no module absent is installed"):
        identify("gone")


# A program.

PROGRAM = """
    import json, os, sys

    def say(**what):
        print(json.dumps(what), flush=True)

    say(ready=True, **json.loads(os.environ.get("GREETING", "{}")))
    for line in sys.stdin:
        request = json.loads(line)
        with open(request["image"], "rb") as file:
            form, size, white, pixels = file.read().split(b"\\n", 3)
        assert (form, white, request.get("load")) == (b"P6", b"255", None)
        width, height = map(int, size.split())
        assert len(pixels) == width * height * 3
        if pixels[0] == 20:
            sys.exit(3)
        if request["reference"]:
            with open(request["reference"], "rb") as file:
                pixels = file.read()[-3:]
        say(turn=request["turn"], score=pixels[0] + height / 100)
"""


@pytest.fixture
def program(write: Write) -> str:
    write("it.py", PROGRAM)
    return f"program:{shlex.quote(sys.executable)} it.py"


def test_a_program_gets_pixels_and_is_started_anew_when_it_dies(program: str, pictures: list[Path]) -> None:
    found = scores_of(program, *pictures)
    assert [score.value for score in found] == [10.12, None, 30.12, None]
    assert f"the program {sys.executable} ended with exit code 3" in (found[1].error or "")
    assert not found[1].retry
    assert found[3].error == "is empty (0 bytes)"
    card = find_card(program)
    assert (card.title, card.full_reference, card.higher_is_better, card.spreads) == ("it", False, True, False)
    assert missing(card) is None
    assert not find_card(f"{program}:lower").higher_is_better
    assert len(programs._running) == 1, "one of it runs, however it's asked for"


def test_a_program_says_what_it_is(program: str, pictures: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    said = '{"title": "It", "version": "2", "full_reference": true, "higher_is_better": false, "least_side": 10}'
    monkeypatch.setenv("GREETING", said)
    card = identify(program)
    assert (card.title, card.version, card.full_reference, card.higher_is_better) == ("It", "2", True, False)
    assert opened(program, USUAL).score([(pictures[0], pictures[2])]) == [
        Score(None, "of 9x12 pixels is too small; at least 10x10 are needed")
    ]


@pytest.mark.parametrize(
    ("greeting", "said"),
    [
        ('{"colour": 1}', "says of itself colour: 1; known are title, version"),
        ('{"full_reference": "no"}', "says of itself full_reference: 'no'"),
        (
            '{"lowest": 2, "highest": 1}',
            "what the program says of itself can't be: .*the range from 2.0 to 1.0 is empty",
        ),
    ],
)
def test_a_program_that_says_what_cannot_be(
    greeting: str, said: str, program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GREETING", greeting)
    with pytest.raises(UserError, match=f"(?s){said}"):
        find_card(program)


def test_a_program_is_known_by_its_files_wherever_they_lie(program: str, write: Write) -> None:
    card = identify(program)
    write("there/it.py", PROGRAM)
    assert identify(program.replace("it.py", "there/it.py")).key == card.key
    assert identify(f"{program} --more").key != card.key
    write("it.py", PROGRAM + "\n    # edited\n")
    assert identify(program).key != card.key


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("", "names no command; write program:COMMAND"),
        ("'it", "isn't a command .No closing quotation"),
        ("no-such-program x", "no-such-program can't be started"),
        ("false", "the program ended with exit code 1"),
    ],
)
def test_commands_that_cannot_be_metrics(command: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        check(f"program:{command}")
    assert not programs._running


def test_a_comma_in_a_name_has_a_backslash_before_it() -> None:
    assert metric_names(r"psnr, program:x --a 1\,2 ,,ssim") == ["psnr", "program:x --a 1,2", "ssim"]
