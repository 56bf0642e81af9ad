"""Answers through the application: saved before it says so, and said to be lost when they are not."""

import html
import json
import re
import threading

import pytest
from tests.unit.annotation.studies import choice_for, make_study
from tests.unit.annotation.web.client import House

from fgresq.annotation.protocol.design import PairOrder, StudyDesign
from fgresq.annotation.store import open_study
from fgresq.annotation.store.frames import answers_frame
from fgresq.annotation.web.lead import Figures
from fgresq.records import Preference


def judge_all(house, person_id, preference_of):
    """All that is left of a person's trials, through the application; returns the last response."""
    browser = house.signed_in(person_id)
    trials = house.study.trials(person_id)
    found = browser.get("/api/trial").json()
    while found["current"] is not None:
        position = found["current"]["position"]
        response = browser.answer(position, choice_for(trials[position], preference_of(trials[position])).value)
        assert response.status_code == 200, response.text
        found = response.json()
    return found


def disagree_on(house, pair):
    """Everybody answers B, except one who says A of one pair."""
    for person in house.study.people():
        if person.team is not None:
            odd = person.person_id == "team1-1"
            judge_all(
                house, person.person_id, lambda t, odd=odd: Preference.A if odd and t.pair == pair else Preference.B
            )


def test_an_answer_is_on_the_disk_when_the_page_moves_on(house, annotator):
    answered = annotator.answer(0, "right", elapsed_ms=1234.5).json()
    assert answered["saved"] is True
    assert answered["done"] == 1
    other = open_study(str(house.database))
    (row,) = answers_frame(other).rows(named=True)
    other.close()
    trial = house.study.trials("team1-1")[0]
    assert (row["person"], row["position"], row["choice"], row["elapsed_ms"]) == ("team1-1", 0, "right", 1234.5)
    assert (row["pair"], row["a_on_left"]) == (trial.pair, trial.a_on_left)


def test_the_page_shows_the_sides_that_the_protocol_says(house, annotator):
    for trial in house.study.trials("team1-1")[:6]:
        pair = house.study.pairs[trial.pair]
        sides = (pair.image_a, pair.image_b) if trial.a_on_left else (pair.image_b, pair.image_a)
        found = annotator.get("/api/trial").json()
        assert [found["current"]["left"], found["current"]["right"]] == [f"/images/{i.opaque_id}" for i in sides]
        following = annotator.answer(trial.position).json()
        assert following["current"] == found["upcoming"]  # what was fetched ahead is what comes


def test_a_request_sent_again_counts_once(house, annotator):
    first = annotator.answer(0, "left", "k" * 20)
    again = annotator.answer(0, "left", "k" * 20)
    assert (first.json()["duplicate"], again.json()["duplicate"]) == (False, True)
    assert len(answers_frame(house.study)) == 1


def test_a_double_click_at_the_same_moment_counts_once(house, annotator):
    barrier, statuses = threading.Barrier(4), []

    def click():
        barrier.wait()
        statuses.append(annotator.answer(0, "left", "k" * 20).status_code)

    threads = [threading.Thread(target=click) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 4
    assert len(answers_frame(house.study)) == 1


def test_a_change_of_mind_is_a_new_row_and_work_goes_on(house, annotator):
    for position in range(3):
        annotator.answer(position, "left")
    earlier = annotator.get("/api/trials/1").json()
    assert earlier["position"] == 1
    changed = annotator.answer(1, "right").json()
    assert changed["revision"] == 1
    assert changed["current"]["position"] == 3
    kept = answers_frame(house.study).filter(position=1).select("choice", "counts").rows()
    assert kept == [("left", False), ("right", True)]


def test_practice_is_told_and_other_pairs_are_not(house, annotator):
    trials = house.study.trials("team1-1")
    practice = [trial for trial in trials if trial.kind == "training"]
    assert practice
    for trial in trials:
        said = Preference.B if trial.position == 0 else Preference.A  # all practice pairs are known as B
        found = annotator.answer(trial.position, choice_for(trial, said).value).json()["practice"]
        if trial.kind == "training":
            assert found == {"right": trial.position == 0, "known": choice_for(trial, Preference.B).value}
        else:
            assert found is None


def test_breaks_and_sessions_are_told(house, annotator):
    trials = house.study.trials("team1-1")
    due = {trial.position for trial in trials if trial.break_before}
    assert due
    found = annotator.get("/api/trial").json()
    assert found["sessions"] == trials[-1].session + 1
    seen = set()
    while found["current"]:
        if found["current"]["break"]:
            seen.add(found["current"]["position"])
        found = annotator.answer(found["current"]["position"]).json()
    assert seen == due
    assert (found["done"], found["total"], found["upcoming"]) == (len(trials), len(trials), None)


def test_a_full_disk_is_told_and_the_answer_can_be_sent_again(house, annotator):
    for position in range(2):
        annotator.answer(position)
    with house.study.reading() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
    limit_pages(house, pages)
    for number in range(300):  # changes of mind, until the last page is full
        house.clock.now += 1  # as slowly as people are
        response = annotator.answer(1, "right", f"key-number-{number}")
        if response.status_code != 200:
            break
    assert response.status_code == 507
    assert "couldn't save" in response.json()["error"]
    assert "saved" not in response.json()
    assert str(house.database) not in response.text
    assert len(answers_frame(house.study)) == number + 2  # not the one that was refused
    assert annotator.get("/api/trial").json()["current"]["position"] == 2
    limit_pages(house, 2**30)
    again = annotator.answer(1, "right", f"key-number-{number}").json()
    assert (again["saved"], again["duplicate"]) == (True, False)
    assert len(answers_frame(house.study)) == number + 3


def limit_pages(house, pages):
    """What a full disk does to SQLite, on every connection that the study has or makes."""
    from sqlalchemy import event

    engine = house.study._engine

    def limit(connection, *_):
        connection.execute(f"PRAGMA max_page_count = {pages}")

    event.listen(engine, "connect", limit)
    engine.dispose()


def test_a_manifest_changed_under_a_running_study(own_house):
    annotator = own_house.signed_in("team1-1")
    path = own_house.study.manifest / "manifest.json"
    before = path.read_text()
    path.write_text(before.replace("for a test", "for another test"))
    response = annotator.answer(0, "left", "k" * 20)
    assert response.status_code == 503
    assert "changed" in response.json()["error"]
    assert len(answers_frame(own_house.study)) == 0
    path.write_text(before)
    assert annotator.answer(0, "left", "k" * 20).status_code == 200


@pytest.mark.parametrize("change", ["gone", "other content"])
def test_an_image_that_is_not_what_it_was(own_house, change, caplog):
    annotator = own_house.signed_in("team1-1")
    address = annotator.get("/api/trial").json()["current"]["left"]
    image = own_house.study.images[address.rpartition("/")[2]]
    assert annotator.get(address).status_code == 200
    content = image.path.read_bytes()
    if change == "gone":
        image.path.unlink()
    else:
        image.path.write_bytes(content[:-1] + b"x")
    response = annotator.get(address)
    assert response.status_code == 503
    assert image.path.name not in response.text  # the lead finds it in the log
    assert str(image.path) in caplog.text
    image.path.write_bytes(content)
    assert annotator.get(address).status_code == 200


# ---- Experts


def test_votes_are_hidden_until_the_expert_has_answered(house, expert):
    assert expert.get("/api/review").json()["current"] is None
    disagree_on(house, next(n for n, pair in house.study.pairs.items() if pair.group == 1))
    found = expert.get("/api/review").json()
    disputed = found["current"]["position"]
    assert (found["done"], found["total"]) == (0, 1)
    for text in (json.dumps(found), expert.get("/review").text):
        assert "vote" not in text.lower()
    assert expert.get(found["current"]["left"]).status_code == 200
    other = next(pair for pair in house.study.pairs.values() if pair.content != house.study.pairs[disputed].content)
    assert expert.get(f"/images/{other.image_a.opaque_id}").status_code == 404
    answered = expert.review(disputed, "left", "k" * 20).json()
    assert answered["saved"] is True
    assert sorted(answered["votes"].values()) == [0, 1, 2]
    pair = house.study.pairs[disputed]
    b_on_left = found["current"]["left"].endswith(pair.image_b.opaque_id)
    assert answered["votes"]["left" if b_on_left else "right"] == 2
    assert answered["current"] is None


def test_a_review_stands_and_a_retry_is_no_second_one(house, expert):
    number = next(n for n, pair in house.study.pairs.items() if pair.group == 1)
    disagree_on(house, number)
    first = expert.review(number, "left", "k" * 20)
    assert first.status_code == 200
    assert expert.review(number, "left", "k" * 20).json()["duplicate"] is True
    refused = expert.review(number, "right", "z" * 20)
    assert refused.status_code == 409
    assert "stands" in refused.json()["error"]
    assert expert.review(number + 1, "left").status_code == 409  # not disputed
    assert expert.review(10_000, "left").status_code == 409


# ---- The lead


def test_the_lead_sees_the_study_as_it_stands(house, lead):
    number = next(n for n, pair in house.study.pairs.items() if pair.group == 1)
    empty = lead.get("/lead/figures").text
    assert cells(empty, "all") == ["12", "12", "0", "0", "0", "0", "–", "–"]
    disagree_on(house, number)
    house.clock.now += 3  # figures are kept for 2 s
    seen = lead.get("/lead/figures").text
    assert cells(seen, "all")[:6] == ["12", "0", "1", "11", "0", "0"]
    total = len(house.study.trials("team1-1"))
    row = cells(seen, "team1-1")
    assert row[0] == f"{total} of {total}"
    assert row[3] == "100 % of 3"  # practice
    assert re.fullmatch(r"\d+ % of 6", row[4])
    assert row[8] == "1.2 1.2 to 1.2"
    assert cells(seen, "expert-1")[0] == "0 of 1"
    page = lead.get("/lead").text
    assert seen.strip() in page
    for image in house.study.images.values():
        assert image.opaque_id not in page


def cells(text, name):
    row = re.search(rf'<th scope="row">{name}</th>(.*?)</tr>', text, re.DOTALL).group(1)
    found = re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)
    return [" ".join(html.unescape(re.sub(r"<[^>]+>", "", cell)).split()) for cell in found]


def test_figures_are_computed_once_for_all_who_look(house):
    figures = Figures(house.study, house.clock)
    first = figures.now()
    assert figures.now() is first
    house.clock.now += 1.9
    assert figures.now() is first
    house.clock.now += 0.2
    assert figures.now() is not first


def test_the_lead_makes_new_links(house, lead):
    old = house.signed_in("team1-1")
    link = lead.send_json("/api/links", {"person": "team1-1"}).json()["link"]
    new = house.stranger()
    assert new.open(link).status_code == 200
    assert new.get("/api/trial").status_code == 200
    assert old.get("/api/trial").status_code == 401
    assert lead.send_json("/api/links", {"person": "lead"}).status_code == 409
    assert lead.send_json("/api/links", {"person": "nobody"}).status_code == 409
    assert lead.send_json("/api/links", {"person": "x" * 65}).status_code == 422


def test_hostile_names_are_shown_as_text(house, lead):
    with house.study.writing() as connection:
        name = '<img src=x onerror="alert(1)">'
        connection.exec_driver_sql("INSERT INTO person VALUES (?, 'annotator', 1, 0)", (name,))
    house.clock.now += 3  # figures are kept for 2 s
    for page in (
        lead.get("/lead").text,
        lead.get("/lead/figures").text,
        House(house.study).signed_in(name).get("/work").text,
    ):
        assert name not in page
        assert html.escape(name).replace("&quot;", "&#34;") in page


def test_the_active_order_works_through_the_application(tmp_path):
    design = StudyDesign(team_size=1, groups=1, order=PairOrder.ACTIVE, repeats=0.1, swapped_repeats=0.1)
    house = House(make_study(tmp_path, str(tmp_path / "study.db"), design))
    annotator, seen = house.signed_in("team1-1"), []
    found = annotator.get("/api/trial").json()
    while found["current"]:
        assert found["upcoming"] is None  # the next pair follows from the answer
        seen.append({found["current"]["left"], found["current"]["right"]})
        assert annotator.get("/api/trial").json()["current"] == found["current"]  # asking again changes nothing
        found = annotator.answer(found["current"]["position"], "left").json()
    assert found["done"] == len(seen) == len(house.study.trials("team1-1"))
    judged = {row["pair"] for row in answers_frame(house.study).filter(kind="main").rows(named=True)}
    assert judged == {number for number, pair in house.study.pairs.items() if pair.group is not None}
    house.study.close()
