"""Whatever an engine's program does, every picture gets an answer, in order, and no process is left behind."""

import os
import select
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from tests.waiting import LONGEST, wait_until

from fgresq.errors import EngineError
from fgresq.metrics.base import Score
from fgresq.metrics.engines import program
from fgresq.metrics.engines.declarations import EngineSpec
from fgresq.metrics.engines.engine import Engine
from fgresq.metrics.engines.program import Program

Grey = Callable[[Sequence[int]], list[tuple[Path, Path | None]]]
PATIENT = {"timeout": LONGEST, "load_timeout": LONGEST, "start_timeout": LONGEST}  # whatever else the machine does


@pytest.fixture
def hostile(engine_of: Callable[[Path], EngineSpec], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EngineSpec:
    monkeypatch.setenv("HOSTILE_NOTE", str(tmp_path / "note"))
    return engine_of(Path(__file__).with_name("hostile_program.py"))


def ask(spec: EngineSpec, deed: str, items: Sequence[tuple[Path, Path | None]], faults: int = 3) -> list[Score]:
    with Engine(spec, device="cpu", faults=faults, **PATIENT) as engine:
        return engine.scores(deed, items)


def starts(tmp_path: Path) -> int:
    """How often the metric was loaded, so how often the program was started."""
    return len((tmp_path / "note.loads").read_text())


@pytest.mark.parametrize(
    ("deed", "said"),
    [
        ("crash", "was ended by signal 6"),
        ("exit", "ended with exit code 3; its last words: out of memory, or so"),
        ("garbage", "isn't a JSON object"),
        ("no-object", "isn't a JSON object"),
        ("deep", "isn't a JSON object"),
        ("half-a-line", "ended with exit code 0"),
        ("list", "instead of one score"),
        ("nothing", "instead of one score"),
        ("text", "instead of one score"),
        ("true", "instead of one score"),
        ("both", "instead of one score"),
        ("out-of-order", "answered request 5 when 4 was asked"),
        ("no-turn", "answered request None when 4 was asked"),
        ("twice", "more than one answer"),
        ("huge-line", "a line of more than 1048576 bytes"),
    ],
)
def test_the_picture_that_breaks_it_is_unscored_and_the_others_are_judged(
    hostile: EngineSpec, grey: Grey, tmp_path: Path, deed: str, said: str
) -> None:
    answers = ask(hostile, deed, grey([10, 20, 250, 30, 40]))
    assert [answer.value for answer in answers] == [10, 20, None, 30, 40]
    assert answers[2].error is not None
    assert said in answers[2].error
    assert answers[2].error.startswith("the engine fake ")
    assert not answers[2].retry
    assert [answer.error for answer in answers if answer.value is not None] == [None] * 4
    assert starts(tmp_path) == 2


def test_a_picture_that_takes_too_long_is_unscored_and_the_others_are_judged(
    hostile: EngineSpec, grey: Grey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note, wait = tmp_path / "note", Program._wait

    def wait_while_it_works(self: Program, descriptor: int, event: int, deadline: float, late: str) -> None:
        """Time is up as soon as the program hangs, and not before, however slow it is."""
        wait_until(lambda: select.select([descriptor], [], [], 0)[0] or note.exists(), "an answer, or it hangs")
        if note.exists():
            note.unlink()
            deadline = 0.0
        wait(self, descriptor, event, deadline, late)

    monkeypatch.setattr(Program, "_wait", wait_while_it_works)
    answers = ask(hostile, "hang", grey([10, 20, 250, 30, 40]))
    assert [answer.value for answer in answers] == [10, 20, None, 30, 40]
    assert answers[2] == Score(None, f"the engine fake didn't answer within {LONGEST:g} s")
    assert starts(tmp_path) == 2


def test_a_closed_pipe_is_told_from_an_end(hostile: EngineSpec, grey: Grey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "_DYING", 0.1)  # it never ends by itself
    (answer,) = ask(hostile, "close", grey([250]))
    assert answer.error == "the engine fake closed its pipe"


@pytest.mark.parametrize(
    ("deed", "said"),
    [
        ("nan", "answered nan"),
        ("infinite", "answered inf"),
        ("huge-integer", "answered 1000000000"),
        ("error", "too small"),
    ],
)
def test_an_answer_without_a_score_needs_no_new_program(
    hostile: EngineSpec, grey: Grey, tmp_path: Path, deed: str, said: str
) -> None:
    first, second, third = ask(hostile, deed, grey([10, 250, 30]))
    assert (first.value, second.value, third.value) == (10, None, 30)
    assert second.error is not None
    assert said in second.error
    assert not second.retry
    assert starts(tmp_path) == 1


def test_a_flood_on_stderr_blocks_nothing(hostile: EngineSpec, grey: Grey, tmp_path: Path) -> None:
    answers = ask(hostile, "flood", grey([10, 250, 30]))
    assert [answer.value for answer in answers] == [10, 1.5, 30]
    assert starts(tmp_path) == 1


@pytest.mark.parametrize("deed", ["later", "dies-later"])
def test_what_happens_between_two_pictures_is_no_fault_of_the_second(
    hostile: EngineSpec, grey: Grey, tmp_path: Path, deed: str
) -> None:
    with Engine(hostile, device="cpu", **PATIENT) as engine:
        (before,) = engine.scores(deed, grey([250]))
        (tmp_path / "note").touch()  # the first one has been taken
        assert select.select([engine._program._answers], [], [], LONGEST)[0]  # type: ignore[union-attr]
        (after,) = engine.scores(deed, grey([30]))
    assert (before.value, after) == (1.5, Score(30.0))
    assert starts(tmp_path) == 2


def test_it_is_given_up_after_failures_in_a_row(hostile: EngineSpec, grey: Grey, tmp_path: Path) -> None:
    answers = ask(hostile, "crash", grey([250, 10, 250, 251, 20, 252, 253, 254, 30, 40]))
    assert [answer.value for answer in answers] == [None, 10, None, None, 20, None, None, None, None, None]
    assert [not answer.retry for answer in answers] == [True] * 8 + [False] * 2
    assert answers[-1].error is not None
    assert "was given up after 3 failures in a row; was ended by signal 6" in answers[-1].error
    assert starts(tmp_path) == 6


def test_one_request_later_it_is_tried_again(hostile: EngineSpec, grey: Grey) -> None:
    with Engine(hostile, device="cpu", faults=1, **PATIENT) as engine:
        given_up = engine.scores("crash", grey([250, 10]))
        again = engine.scores("crash", grey([10]))
    assert [not answer.retry for answer in given_up] == [True, False]
    assert again == [Score(10.0)]


@pytest.mark.parametrize(
    ("start", "said"),
    [
        ("dies", "ended with exit code 1; its last words: ImportError: no module named pyiqa"),
        ("hangs", "wasn't ready within 0.5 s"),
        ("says-no", "said that it can't start: ImportError: torch"),
    ],
)
def test_a_program_that_cannot_start(
    hostile: EngineSpec, grey: Grey, monkeypatch: pytest.MonkeyPatch, start: str, said: str
) -> None:
    monkeypatch.setenv("HOSTILE_START", start)
    with (
        Engine(hostile, start_timeout=0.5 if start == "hangs" else LONGEST, faults=2) as engine,
        pytest.raises(EngineError, match="the engine fake failed 2 times") as raised,
    ):
        engine.scores("well", grey([10]))
    assert said in str(raised.value)


@pytest.mark.parametrize(
    ("metric", "said"),
    [
        ("cannot-load", "can't load this metric: URLError: no network"),
        ("crashes-at-load", "while it loaded crashes-at-load, it was ended by signal 6"),
        ("load-nonsense", "to a request to load"),
    ],
)
def test_a_metric_that_cannot_be_loaded(hostile: EngineSpec, grey: Grey, metric: str, said: str) -> None:
    with pytest.raises(EngineError) as raised:
        ask(hostile, metric, grey([10]))
    assert said in str(raised.value)


@pytest.mark.parametrize(
    ("metric", "said"),
    [("loads-once", "URLError: no network"), ("other-weights", "now, but were hash 1 when it was first loaded")],
)
def test_a_metric_that_cannot_be_loaded_again_leaves_the_rest_unasked(
    hostile: EngineSpec, grey: Grey, metric: str, said: str
) -> None:
    answers = ask(hostile, metric, grey([10, 250, 20, 30]))
    assert [answer.value for answer in answers] == [10, None, None, None]
    assert [not answer.retry for answer in answers] == [True, True, False, False]
    assert said in str(answers[-1].error)


def test_what_the_program_started_dies_with_it(hostile: EngineSpec, grey: Grey, tmp_path: Path) -> None:
    (answer,) = ask(hostile, "child", grey([250]))
    assert answer.value is None
    child = int((tmp_path / "note").read_text())
    wait_until(lambda: is_dead(child), "what the program started is killed")


def is_dead(process: int) -> bool:
    """Whether it has ended; it may wait to be reaped."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def test_an_interruption_leaves_no_process(hostile: EngineSpec, grey: Grey, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine(hostile, device="cpu", **PATIENT)

    def interrupted() -> None:
        with engine:
            engine.scores("well", grey([10]))
            process = engine._program._process  # type: ignore[union-attr]
            monkeypatch.setattr(engine._program, "_read", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
            try:
                engine.scores("well", grey([20]))
            finally:
                assert process.returncode is not None

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert engine._program is None


def test_the_program_ends_with_the_block(hostile: EngineSpec, grey: Grey) -> None:
    with Engine(hostile, device="cpu", **PATIENT) as engine:
        engine.scores("well", grey([10]))
        process = engine._program._process  # type: ignore[union-attr]
    assert process.returncode == 0
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)
    with pytest.raises(RuntimeError, match="with"):
        engine.scores("well", grey([10]))
