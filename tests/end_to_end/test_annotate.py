"""`fgresq annotate` from a manifest to a data set with preferences, as people use it without the pages."""

import json
from pathlib import Path

import polars as pl
import pytest
from tests.end_to_end.command import inside, run
from tests.unit.annotation.studies import answer_all, choice_for, make_manifest
from typer.testing import CliRunner

from fgresq.annotation.store import open_study
from fgresq.cli.app import app
from fgresq.errors import UserError
from fgresq.manifest import read_manifest
from fgresq.records import Preference

A, B, EQUAL = Preference.A, Preference.B, Preference.EQUAL
DESIGN = ("--team-size", 3, "--repeats", 0.2, "--swapped-repeats", 0.2, "--seed", 5)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    make_manifest(tmp_path / "data")
    make_manifest(tmp_path / "training", contents=1, known=True)
    name = tmp_path / "study.db"
    done = inside("annotate", "create", tmp_path / "data", name, "--training", tmp_path / "training", *DESIGN)
    assert "group 1: 6 pairs; 12 trials each for 3 annotators" in done.stdout
    assert "3 training pairs, 1 experts" in done.stdout
    return name


def answer(study: Path, *, people: int = 3) -> None:
    opened = open_study(str(study))
    for team in (1, 2):
        for number in range(1, people + 1):
            answer_all(
                opened, f"team{team}-{number}", lambda trial, n=number: B if n < 3 else (B, EQUAL)[trial.pair % 2]
            )
    for place, trial in enumerate(opened.review_queue("expert-1")):
        opened.review("expert-1", trial.pair, choice_for(trial, B), elapsed_ms=9.0, key=f"review-{place:03}")
    opened.close()


def test_from_a_manifest_to_preferences(study: Path, tmp_path: Path) -> None:
    answer(study)
    out = tmp_path / "out"
    printed = run("annotate", "aggregate", study, out).stdout
    assert "12 of 12 pairs decided" in printed
    assert "0 open, 0 disputed, 6 unanimous, 0 majority, 6 expert" in printed
    assert {pair.preference for pair in read_manifest(out).pairs} == {B}
    assert set(pl.read_parquet(out / "verdicts.parquet")["confidence"]) == {1.0, 0.75}
    assert len(pl.read_parquet(out / "scales.parquet")) == 12
    bins = pl.read_csv(out / "consistency" / "bins.csv")
    assert bins.filter(bin="all")["inconsistent"].to_list() == [0]  # images' MOS rises with their number, as B does


def test_status_names_everybody(study: Path, tmp_path: Path) -> None:
    answer(study, people=2)
    printed = inside("annotate", "status", study, "--output", tmp_path / "status.json").stdout
    assert "team1-1" in printed
    assert "0/12" in printed
    document = json.loads((tmp_path / "status.json").read_text())
    assert document["answers"] == 4 * 12
    assert document["groups"][-1]["alpha"]["value"] is None  # all say B: nothing could disagree
    assert {person["person"] for person in document["people"]} == {"team1-1", "team1-2", "team2-1", "team2-2"}


@pytest.mark.parametrize("suffix", ["parquet", "csv", "json"])
def test_export(study: Path, tmp_path: Path, suffix: str) -> None:
    answer(study)
    inside("annotate", "export", study, "-o", tmp_path / f"answers.{suffix}")
    if suffix == "json":
        assert len(json.loads((tmp_path / "answers.json").read_text())) == 6 * 12 + 6
        return
    make_study = ("annotate", "create", tmp_path / "data", tmp_path / "new.db", "--training", tmp_path / "training")
    inside(*make_study, *DESIGN)
    done = inside("annotate", "import", tmp_path / "new.db", tmp_path / f"answers.{suffix}")
    assert "78 answers added, 0 known already" in done.stdout


def test_pwcmp_export(study: Path, tmp_path: Path) -> None:
    answer(study)
    done = inside("annotate", "export", study, "-o", tmp_path / "votes.csv", "--form", "pwcmp")
    assert "6 votes for equal are left out" in done.stderr
    assert len(pl.read_csv(tmp_path / "votes.csv")) == 6 * 6 - 6


def test_undecided_pairs_are_counted(study: Path, tmp_path: Path) -> None:
    answer(study, people=2)
    done = inside("annotate", "aggregate", study, tmp_path / "out", code=1)
    assert "0 of 12 pairs decided" in done.stdout
    left_out = inside("annotate", "aggregate", study, tmp_path / "out", "--exclude", "team1-3", "--exclude", "team2-3")
    assert "12 of 12 pairs decided" in left_out.stdout


def test_one_leaves_and_another_comes(study: Path, tmp_path: Path) -> None:
    answer(study, people=2)
    assert (
        inside("annotate", "withdraw", study, "team1-3", "team2-3").stdout == "withdrawn: team1-3\nwithdrawn: team2-3\n"
    )
    assert "0 open" in inside("annotate", "aggregate", study, tmp_path / "without").stdout
    assert "added: team1-4;" in inside("annotate", "add", study, 1).stdout
    assert "6 open" in inside("annotate", "aggregate", study, tmp_path / "waiting", code=1).stdout
    opened = open_study(str(study))
    answer_all(opened, "team1-4", lambda trial: B)
    opened.close()
    assert "0 open" in inside("annotate", "aggregate", study, tmp_path / "again").stdout


def test_simulate_counts_answers() -> None:
    printed = inside("annotate", "simulate", "--contents", 3, "--images", 5, "--passes", 2).stdout
    assert "3 contents of 5 images" in printed
    assert [line.split()[0] for line in printed.splitlines()[2:]] == ["0.8", "0.85", "0.9", "0.95"]


def test_what_cannot_be_done_is_said_in_one_line(study: Path, tmp_path: Path) -> None:
    cases = [
        (("status", tmp_path / "absent.db"), "no such study"),
        (("create", tmp_path / "data", study), "holds a study already"),
        (("create", tmp_path / "nothing", tmp_path / "a.db"), "holds no manifest.json"),
        (("create", tmp_path / "data", tmp_path / "a.db", "--deciding-share", 0.5), "more than 0.5"),
        (("create", tmp_path / "data", tmp_path / "none" / "a.db"), "there is no folder"),
        (("create", tmp_path / "data", tmp_path / "a.db", "--training", tmp_path / "data"), "without a known"),
        (("export", study, "-o", tmp_path / "answers.xlsx"), "must end in"),
        (("import", study, tmp_path / "absent.csv"), "can't be read"),
        (("aggregate", study, tmp_path / "out", "--exclude", "nobody"), "isn't a person"),
        (("withdraw", study, "team1-1", "nobody"), "isn't a person"),
        (("withdraw", study, "lead"), "the lead can't withdraw"),
        (("add", study, 3), "there is no team 3"),
    ]
    for arguments, says in cases:  # in this process: starting the command each time takes most of a second
        error = CliRunner().invoke(app, ["annotate", *map(str, arguments)]).exception
        assert isinstance(error, UserError), error
        assert says in str(error)
    arguments, says = cases[0]
    done = inside("annotate", *arguments, code=2)
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
