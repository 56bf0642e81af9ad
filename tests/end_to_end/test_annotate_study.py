"""A whole small study as a lab runs it: two teams of five, an expert and a lead, then export and aggregation."""

import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from selenium.webdriver import ActionChains, Chrome, Keys
from selenium.webdriver.support.ui import WebDriverWait
from tests.end_to_end.annotation_server import Server, make_study
from tests.end_to_end.command import run
from tests.unit.annotation.web.client import RemoteBrowser

from fgresq.annotation.protocol.trials import TrialKind
from fgresq.annotation.store import open_study
from fgresq.annotation.web.door.access import Settings
from fgresq.annotation.web.door.sign_in import links
from fgresq.manifest import read_manifest
from fgresq.records import Preference

pytestmark = pytest.mark.browser

KEYS = {"left": Keys.ARROW_LEFT, "right": Keys.ARROW_RIGHT, "equal": Keys.ARROW_DOWN}
READY = "return document.getElementById('stage')?.getAttribute('aria-busy') === 'false'"


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
    study = open_study(str(play.database))
    server = Server(play.database, folder).start()
    try:
        first, *others = [person.person_id for person in study.people() if person.team is not None]
        judge_by_keys(page, server.links[first], study, play, first)
        for person in (first, *others):
            link = server.links[person] if person != first else links(study, Settings(server.url), [first])[first]
            judge_by_requests(link, study, play, person)
            if person == others[3]:
                partial = folder / "partial.parquet"
                run("annotate", "export", play.database, "--output", partial)  # while the study runs
        trials = sum(len(study.trials(person)) for person in (first, *others))
        assert len(pl.read_parquet(partial)) == trials // 2
        disputed = expected_disputes(study, play)
        assert 3 <= len(disputed) < len(study.pairs) / 2 + 10
        review_by_keys(page, server.links["expert-1"], study, play, disputed)
        look_at_the_lead_s_page(page, server.links["lead"], study, disputed)
    finally:
        server.kill()
        study.close()
    assert_outcome(play, folder, disputed)


def choice_of(trial, preference: Preference) -> str:
    if preference == Preference.EQUAL:
        return "equal"
    return "left" if (preference == Preference.A) == trial.a_on_left else "right"


def enter(page: Chrome, link: str) -> None:
    page.get("about:blank")
    page.get(link)
    WebDriverWait(page, 20).until(lambda b: "/enter" not in b.current_url)


def ready(page: Chrome, progress: str) -> None:
    WebDriverWait(page, 20).until(
        lambda b: b.find_element("id", "progress").text.startswith(progress) and b.execute_script(READY)
    )
    time.sleep(0.35)  # the page doesn't take an answer that comes too soon to be one


def judge_by_keys(page: Chrome, link: str, study, play: Play, person: str) -> None:
    enter(page, link)
    for trial in study.trials(person)[: play.in_browser]:
        ready(page, f"{trial.position} of")
        ActionChains(page).send_keys(KEYS[choice_of(trial, play.opinions[person, trial.pair])]).perform()
    ready(page, f"{play.in_browser} of")


def judge_by_requests(link: str, study, play: Play, person: str) -> None:
    browser = RemoteBrowser(link)
    state = browser.get("/api/trial").json()
    while state["current"] is not None:
        trial = study.trials(person)[state["current"]["position"]]
        pair = study.pairs[trial.pair]
        shown = (pair.image_a, pair.image_b) if trial.a_on_left else (pair.image_b, pair.image_a)
        for side, image in zip(("left", "right"), shown, strict=True):
            assert state["current"][side] == f"/images/{image.opaque_id}"
        if trial.position == 0:
            assert browser.get(state["current"]["left"]).content.startswith(b"\x89PNG")
        response = browser.answer(trial.position, choice_of(trial, play.opinions[person, trial.pair]))
        if response.status_code == 429:
            time.sleep(1)
            continue
        assert response.status_code == 200, response.text
        state = response.json()
    browser.close()


def judged(study) -> list[int]:
    return [number for number, pair in study.pairs.items() if pair.group is not None]


def votes_on(study, play: Play, number: int) -> list[Preference]:
    team = study.pairs[number].group
    return [play.opinions[f"team{team}-{member}", number] for member in range(1, 6)]


def expected_disputes(study, play: Play) -> set[int]:
    """Pairs that aren't unanimous, counted here from the opinions alone."""
    return {number for number in judged(study) if len(set(votes_on(study, play, number))) > 1}


def review_by_keys(page: Chrome, link: str, study, play: Play, disputed: set[int]) -> None:
    enter(page, link)
    for done in range(len(disputed)):
        ready(page, f"{done} of {len(disputed)}")
        trial = study.review_queue("expert-1")[0]
        assert trial.pair in disputed
        assert not page.find_element("id", "note").is_displayed()  # nothing of the votes yet
        choice = choice_of(trial, play.opinions["expert-1", trial.pair])
        ActionChains(page).send_keys(KEYS[choice], Keys.ENTER).perform()
        WebDriverWait(page, 20).until(lambda b: "votes" in b.find_element("id", "note").text)
        votes = Counter(choice_of(trial, vote) for vote in votes_on(study, play, trial.pair))
        told = f"{votes['left']} for left, {votes['equal']} equal, {votes['right']} for right"
        assert told in page.find_element("id", "note").text
        ActionChains(page).send_keys(Keys.ENTER).perform()
    WebDriverWait(page, 20).until(lambda b: "Nothing to review" in b.find_element("id", "cover-title").text)


def look_at_the_lead_s_page(page: Chrome, link: str, study, disputed: set[int]) -> None:
    enter(page, link)
    cells = "return [...document.querySelectorAll('tr.sum td[data-state]')].map((cell) => Number(cell.textContent))"
    total = len(judged(study))
    WebDriverWait(page, 30).until(lambda b: b.execute_script(cells) == [0, 0, total - len(disputed), 0, len(disputed)])
    assert len(page.find_elements("css selector", "tr[data-person]")) == 11


def assert_outcome(play: Play, folder: Path, disputed: set[int]) -> None:
    """The export holds every answer, the data set the verdicts that the opinions lead to."""
    run("annotate", "aggregate", play.database, folder / "done")
    run("annotate", "export", play.database, "--output", folder / "answers.csv")
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
