"""A whole small study as a lab runs it: two teams of five, an expert and a lead, then export and aggregation."""

from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from selenium.webdriver import Chrome, Keys
from tests.end_to_end.annotation_page import moved_to, open_link, press, stop_clock, text, wait_for
from tests.end_to_end.annotation_server import Server, make_study
from tests.end_to_end.browser import until
from tests.end_to_end.command import inside
from tests.unit.annotation.web.client import RemoteBrowser
from tests.waiting import wait_until

from fgresq.annotation.protocol.trials import TrialKind
from fgresq.annotation.store import open_study
from fgresq.annotation.web.door.access import Settings
from fgresq.annotation.web.door.sign_in import links
from fgresq.manifest import read_manifest
from fgresq.records import Preference

pytestmark = pytest.mark.browser

KEYS = {"left": Keys.ARROW_LEFT, "right": Keys.ARROW_RIGHT, "equal": Keys.ARROW_DOWN}


@dataclass
class Play:
    """A study and what its people think: person and pair to preference; the expert's name is `expert-1`."""

    database: Path
    opinions: dict[tuple[str, int], Preference]
    in_browser: int  # of the first annotator's answers; the rest goes the way that the page's script goes


def wheel_play(folder: Path) -> Play:
    """Blurred photographs; who disagrees with whom is drawn."""
    database = make_study(folder)
    study, generator = open_study(str(database)), np.random.default_rng(4)
    opinions = {}
    for number, pair in study.pairs.items():
        usual = pair.known or list(Preference)[generator.integers(3)]
        for person in study.people():
            alike = pair.known is not None or generator.random() < 0.85
            opinions[person.person_id, number] = usual if alike else list(Preference)[generator.integers(3)]
    study.close()
    return Play(database, opinions, in_browser=6)


def test_a_whole_study(browser: Chrome, tmp_path: Path) -> None:
    run_study(browser, tmp_path, wheel_play(tmp_path))


def run_study(page: Chrome, folder: Path, play: Play) -> None:
    stop_clock(page)
    with closing(open_study(str(play.database))) as study, Server(play.database, folder).start() as server:
        first, *others = [person.person_id for person in study.people() if person.team is not None]
        judge_by_keys(page, server.links[first], study, play, first)
        for person in (first, *others):
            link = server.links[person] if person != first else links(study, Settings(server.url), [first])[first]
            judge_by_requests(link, study, play, person)
            if person == others[3]:
                partial = folder / "partial.parquet"
                inside("annotate", "export", play.database, "--output", partial)  # while the study runs
        trials = sum(len(study.trials(person)) for person in (first, *others))
        assert len(pl.read_parquet(partial)) == trials // 2
        disputed = expected_disputes(study, play)
        assert 3 <= len(disputed) < len(study.pairs) / 2 + 10
        review_by_keys(page, server.links["expert-1"], study, play, disputed)
        look_at_the_lead_s_page(page, server.links["lead"], study, disputed)
    assert_outcome(play, folder, disputed)


def choice_of(trial, preference: Preference) -> str:
    if preference == Preference.EQUAL:
        return "equal"
    return "left" if (preference == Preference.A) == trial.a_on_left else "right"


def judge_by_keys(page: Chrome, link: str, study, play: Play, person: str) -> None:
    open_link(page, link)
    for trial in study.trials(person)[: play.in_browser]:
        moved_to(page, trial.position)
        press(page, KEYS[choice_of(trial, play.opinions[person, trial.pair])])
    moved_to(page, play.in_browser)


def judge_by_requests(link: str, study, play: Play, person: str) -> None:
    with closing(RemoteBrowser(link)) as browser:
        state = browser.get("/api/trial").json()
        while state["current"] is not None:
            trial = study.trials(person)[state["current"]["position"]]
            pair = study.pairs[trial.pair]
            shown = (pair.image_a, pair.image_b) if trial.a_on_left else (pair.image_b, pair.image_a)
            for side, image in zip(("left", "right"), shown, strict=True):
                assert state["current"][side] == f"/images/{image.opaque_id}"
            if trial.position == 0:
                assert browser.get(state["current"]["left"]).content.startswith(b"\x89PNG")
            choice = choice_of(trial, play.opinions[person, trial.pair])
            state = wait_until(lambda t=trial, c=choice: answered(browser, t.position, c), "an answer is taken")


def answered(browser: RemoteBrowser, position: int, choice: str) -> dict[str, Any] | None:
    """What comes next; None where the server asks to wait, as answers come faster than hands give them."""
    response = browser.answer(position, choice)
    if response.status_code == 429:
        return None
    assert response.status_code == 200, response.text
    return response.json()


def judged(study) -> list[int]:
    return [number for number, pair in study.pairs.items() if pair.group is not None]


def votes_on(study, play: Play, number: int) -> list[Preference]:
    team = study.pairs[number].group
    return [play.opinions[f"team{team}-{member}", number] for member in range(1, 6)]


def expected_disputes(study, play: Play) -> set[int]:
    """Pairs that aren't unanimous, counted here from the opinions alone."""
    return {number for number in judged(study) if len(set(votes_on(study, play, number))) > 1}


def review_by_keys(page: Chrome, link: str, study, play: Play, disputed: set[int]) -> None:
    open_link(page, link)
    for done in range(len(disputed)):
        moved_to(page, done)
        assert text(page, "progress") == f"{done} of {len(disputed)}"
        trial = study.review_queue("expert-1")[0]
        assert trial.pair in disputed
        assert not page.find_element("id", "note").is_displayed()  # nothing of the votes yet
        choice = choice_of(trial, play.opinions["expert-1", trial.pair])
        press(page, KEYS[choice], Keys.ENTER)
        wait_for(page, "note", "votes")
        votes = Counter(choice_of(trial, vote) for vote in votes_on(study, play, trial.pair))
        told = f"{votes['left']} for left, {votes['equal']} equal, {votes['right']} for right"
        assert told in text(page, "note")
        press(page, Keys.ENTER)
    wait_for(page, "cover-title", "Nothing to review")


def look_at_the_lead_s_page(page: Chrome, link: str, study, disputed: set[int]) -> None:
    open_link(page, link)
    cells = "return [...document.querySelectorAll('tr.sum td[data-state]')].map((cell) => Number(cell.textContent))"
    total = len(judged(study))
    standing = [0, 0, total - len(disputed), 0, len(disputed)]
    until(page, lambda p: p.execute_script(cells) == standing, f"the lead's page says {standing}")
    assert len(page.find_elements("css selector", "tr[data-person]")) == 11


def assert_outcome(play: Play, folder: Path, disputed: set[int]) -> None:
    """The export holds every answer, the data set the verdicts that the opinions lead to."""
    inside("annotate", "aggregate", play.database, folder / "done")
    inside("annotate", "export", play.database, "--output", folder / "answers.csv")
    study = open_study(str(play.database))
    answers = pl.read_csv(folder / "answers.csv")
    assert len(answers) == sum(len(study.trials(p.person_id)) for p in study.people() if p.team) + len(disputed)
    for person, pair, said in answers.select("person", "pair", "preference").iter_rows():
        assert said == play.opinions[person, pair]
    manifest = read_manifest(folder / "done")
    verdicts = pl.read_parquet(folder / "done" / "verdicts.parquet")
    for number, pair in enumerate(manifest.pairs):
        votes = votes_on(study, play, number)
        expected = play.opinions["expert-1", number] if number in disputed else votes[0]
        assert pair.preference == expected
        row = verdicts.row(number, named=True)
        assert row["state"] == ("expert" if number in disputed else "unanimous")
        counts = Counter(votes)
        assert (row["votes_a"], row["votes_equal"], row["votes_b"]) == tuple(
            counts[said] for said in (Preference.A, Preference.EQUAL, Preference.B)
        )
    kinds = Counter(answers["kind"])
    assert kinds[TrialKind.REPEAT.value] == kinds[TrialKind.SWAPPED_REPEAT.value] >= 10
    study.close()
