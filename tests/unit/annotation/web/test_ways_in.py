"""Every way in that must be shut."""

import itertools
import json
import secrets
import time
from types import SimpleNamespace

import pytest
from starlette.websockets import WebSocketDisconnect
from tests.unit.annotation import studies
from tests.unit.annotation.web.client import Clock, House

from fgresq.annotation.protocol.design import StudyDesign
from fgresq.annotation.web import annotator as annotator_part
from fgresq.annotation.web import expert as expert_part
from fgresq.annotation.web import lead as lead_part
from fgresq.annotation.web import pages
from fgresq.annotation.web.door import access, limits
from fgresq.annotation.web.door.access import AccessError, Settings, Ticket, link_token, read_link, session_token

ANSWER = {"position": 0, "choice": "left", "elapsed_ms": 800.0, "key": "k" * 16}
# path, method, body, the roles that may
ROUTES = [
    ("/", "GET", None, {"annotator", "expert", "lead"}),
    ("/work", "GET", None, {"annotator"}),
    ("/api/trial", "GET", None, {"annotator"}),
    ("/api/trials/0", "GET", None, {"annotator"}),
    ("/api/answers", "POST", ANSWER, {"annotator"}),
    ("/review", "GET", None, {"expert"}),
    ("/api/review", "GET", None, {"expert"}),
    ("/api/reviews", "POST", ANSWER, {"expert"}),
    ("/lead", "GET", None, {"lead"}),
    ("/lead/figures", "GET", None, {"lead"}),
    ("/api/links", "POST", {"person": "team1-1"}, {"lead"}),
    ("/leave", "POST", {}, {"annotator", "expert", "lead"}),
]
OPEN = {("/enter", "GET"), ("/session", "POST"), ("/static/{version}/{name}", "GET")}
PEOPLE = {"annotator": "team1-1", "expert": "expert-1", "lead": "lead"}


def call(browser, path, method, body, **headers):
    return browser.get(path) if method == "GET" else browser.send_json(path, body, **headers)


def answers_of(house):
    with house.study.reading() as connection:
        return connection.exec_driver_sql("SELECT count(*) FROM answer").scalar()


def test_the_table_of_routes_is_complete():
    routes = [route for part in (annotator_part, expert_part, lead_part, pages) for route in part.router.routes]
    found = {(route.path, method) for route in routes for method in route.methods}
    listed = {(path.replace("/trials/0", "/trials/{position}"), method) for path, method, _, _ in ROUTES}
    assert found == listed | OPEN | {("/images/{opaque_id}", "GET")}


@pytest.mark.parametrize(("path", "method", "body", "roles"), ROUTES)
def test_nobody_without_a_session(house, path, method, body, roles):
    stranger = house.stranger()
    assert call(stranger, path, method, body).status_code == 401
    image = next(iter(house.study.images))
    assert stranger.get(f"/images/{image}").status_code == 401
    assert answers_of(house) == 0


@pytest.mark.parametrize("role", PEOPLE)
def test_no_other_role(house, role):
    browser = house.signed_in(PEOPLE[role])
    for path, method, body, roles in ROUTES:
        if role not in roles:
            assert call(browser, path, method, body).status_code == 403, path
    assert answers_of(house) == 0


# ---- Links


def test_a_forged_link(house):
    token = house.link("team1-1").partition("#")[2]
    body, _, signature = token.rpartition(".")
    other = house.link("lead").partition("#")[2].rpartition(".")[0]
    own_secret = link_token("0" * 64, "lead", 0, 30.0)
    for forged in (f"{other}.{signature}", f"{body}x.{signature}", body, "x", own_secret, token[:-2]):
        response = house.stranger().open(f"{house.settings.public_url}/enter#{forged}")
        assert response.status_code == 401, forged
        assert "set-cookie" not in response.headers
        assert "isn't valid" in response.json()["error"]
    assert house.stranger().open("/enter#").status_code == 422


def test_a_session_is_no_link_and_a_link_no_session(house):
    link = house.link("team1-1").partition("#")[2]
    ticket = read_link(house.study.secret, link)
    session = session_token(house.study.secret, ticket, 1.0)
    assert house.stranger().open(f"/enter#{session}").status_code == 401
    browser = house.stranger()
    browser.cookies.set(house.settings.cookie, link)
    assert browser.get("/api/trial").status_code == 401


def test_a_session_of_a_link_that_nobody_opened(house):
    ticket = Ticket("a" * 22, "lead", int(time.time()) + 3600)
    browser = house.stranger()
    browser.cookies.set(house.settings.cookie, session_token(house.study.secret, ticket, 1.0))
    assert browser.get("/lead").status_code == 401


def test_a_link_of_another_study(house, tmp_path):
    other = studies.make_study(tmp_path / "other", str(tmp_path / "other.db"))
    assert house.stranger().open(House(other).link("team1-1")).status_code == 401
    other.close()


def test_an_expired_link_and_an_expired_session(house, monkeypatch):
    link = house.link("team1-1")
    early = house.signed_in("team1-2")
    later = time.time() + 40 * 86400
    monkeypatch.setattr(access, "time", SimpleNamespace(time=lambda: later))
    response = house.stranger().open(link)
    assert response.status_code == 401
    assert "expired" in response.json()["error"]
    assert early.get("/api/trial").status_code == 401
    assert "Open your personal link" in early.get("/work").text.replace("\n", " ")


def test_a_clock_that_jumps_back_shuts_nobody_out(house, monkeypatch):
    annotator = house.signed_in("team1-1")
    link = house.link("team1-2")
    before = time.time() - 400 * 86400
    monkeypatch.setattr("time.time", lambda: before)
    monkeypatch.setattr("time.time_ns", lambda: int(before * 1e9))
    assert annotator.answer(0).status_code == 200
    assert house.stranger().open(link).status_code == 200


def test_a_link_opened_in_another_browser_already(house):
    link, first, second = house.link("team1-1"), house.stranger(), house.stranger()
    assert first.open(link).status_code == 200
    response = second.open(link)
    assert response.status_code == 401
    assert "another browser" in response.json()["error"]
    assert second.get("/api/trial").status_code == 401
    assert first.open(link).status_code == 200
    assert first.get("/api/trial").status_code == 200


def test_a_new_link_ends_what_the_old_ones_opened(house):
    opened, unopened = house.link("team1-1"), house.link("team1-1")
    old = house.stranger()
    old.open(opened)
    assert house.stranger().open(unopened).status_code == 401  # made before the other was opened
    new = house.signed_in("team1-1")
    assert new.get("/api/trial").status_code == 200
    assert old.get("/api/trial").status_code == 401
    assert old.open(opened).status_code == 401


def test_a_person_who_withdrew(house):
    link, annotator = house.link("team1-2"), house.signed_in("team1-1")
    house.study.withdraw("team1-1")
    house.study.withdraw("team1-2")
    assert annotator.answer(0).status_code == 403
    assert house.stranger().open(link).status_code == 403
    assert answers_of(house) == 0


def test_signing_out(house, annotator):
    response = annotator.send_json("/leave", {})
    assert response.status_code == 200
    assert annotator.get("/api/trial").status_code == 401


def test_a_link_gets_into_no_address_that_is_sent(house):
    """Behind the # it stays in the browser; a preview that fetches the address opens nothing."""
    link = house.link("team1-1")
    assert link.startswith(f"{house.settings.public_url}/enter#")
    stranger = house.stranger()
    assert stranger.get(link).status_code == 200
    assert stranger.get("/api/trial").status_code == 401
    assert stranger.open(link).status_code == 200


# ---- Changes that come from elsewhere


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"X-CSRF-Token": None}, 403),
        ({"X-CSRF-Token": "forged"}, 403),
        ({"X-CSRF-Token": "ÿ"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": None}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Host": "evil.example"}, 421),
    ],
)
def test_a_change_from_another_site(house, annotator, headers, status):
    headers = {n: v if v is None else v.encode("latin-1") for n, v in headers.items()}
    assert annotator.send_json("/api/answers", ANSWER, **headers).status_code == status
    assert answers_of(house) == 0
    assert annotator.send_json("/api/answers", ANSWER).status_code == 200


def test_the_csrf_token_of_another_session(house, annotator):
    other = house.signed_in("team1-2")
    assert annotator.send_json("/api/answers", ANSWER, **{"X-CSRF-Token": other.csrf}).status_code == 403


def test_the_exchange_of_a_link_from_another_site(house):
    stranger, token = house.stranger(), house.link("team1-1").partition("#")[2]
    body = {"token": token, "browser": stranger.secret}
    assert stranger.send_json("/session", body, Origin="https://evil.example").status_code == 403


# ---- Images


def test_only_images_of_own_pairs(house):
    study = house.study
    own = {
        n: {i.opaque_id for p in study.pairs.values() if p.group == n for i in (p.image_a, p.image_b)} for n in (1, 2)
    }
    practice = {i.opaque_id for p in study.pairs.values() if p.group is None for i in (p.image_a, p.image_b)}
    for group in (1, 2):
        browser = house.signed_in(f"team{group}-1")
        for image in study.images:
            wanted = 200 if image in own[group] | practice else 404
            assert browser.get(f"/images/{image}").status_code == wanted
    for person in ("expert-1", "lead"):
        browser = house.signed_in(person)
        assert {browser.get(f"/images/{image}").status_code for image in study.images} == {404}


def test_no_path_leads_to_files(house, annotator):
    image = house.study.pairs[0].image_a
    names = [
        *("../study.db", "..%2fstudy.db", "%2e%2e/%2e%2e/etc/passwd", "....//study.db", "..\\study.db", "%00", "."),
        *(image.path.name, image.image_id, str(image.path), str(image.number), "", "*", "%", image.opaque_id + "%00"),
    ]
    version = annotator.get("/work").text.partition("/static/")[2].partition("/")[0]
    for name in names:
        for prefix in ("/images/", f"/static/{version}/", "/static/"):
            response = annotator.get(prefix + name)
            assert response.status_code == 404, prefix + name
            assert str(image.path.parent) not in response.text
    for listing in ("/images", "/images/", "/static", "/static/", f"/static/{version}", f"/static/{version}/"):
        assert annotator.get(listing).status_code == 404


def test_no_description_of_the_interface(house, lead):
    assert {lead.get(path).status_code for path in ("/docs", "/redoc", "/openapi.json", "/metrics")} == {404}


def test_pages_say_nothing_of_what_made_an_image(house, annotator):
    texts = [annotator.get(path).text for path in ("/work", "/api/trial")]
    texts.append(annotator.answer(0).text)
    for image in house.study.images.values():
        for hidden in (image.image_id, image.algorithm, image.content, str(image.path), image.sha256):
            assert not [text for text in texts if json.dumps(hidden) in text or f">{hidden}<" in text]
    shown = annotator.get("/api/trial").json()
    assert set(shown["current"]) == {"position", "left", "right", "practice", "break"}


# ---- Answers that no page sends


@pytest.mark.parametrize(
    "change",
    [
        *({"position": value} for value in (-1, 2**31, 2**70, "0", 0.5, True, None, [])),
        *({"choice": value} for value in ("A", "LEFT", "", None, 1)),
        *({"elapsed_ms": value} for value in (-1, 8 * 24 * 3600 * 1000, "fast", None)),
        *({"key": value} for value in ("short", "k" * 65, "with space", "ü" * 10, None, 12345678, "k" * 10 + "\n")),
        {"person": "team1-2"},
    ],
)
def test_an_answer_out_of_range(house, annotator, change):
    response = annotator.send_json("/api/answers", {**ANSWER, **change})
    assert response.status_code == 422
    assert answers_of(house) == 0
    assert set(response.json()) == {"error"}


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_time_that_is_no_number(house, annotator, number):
    body = json.dumps(ANSWER).replace("800.0", number)
    headers = {"Origin": annotator.url, "X-CSRF-Token": annotator.csrf, "Content-Type": "application/json"}
    assert annotator.post("/api/answers", content=body, headers=headers).status_code == 422
    assert answers_of(house) == 0


def test_an_answer_out_of_turn(house, annotator):
    trials = len(house.study.trials("team1-1"))
    assert annotator.answer(1).status_code == 409
    assert annotator.answer(trials).status_code == 409
    assert annotator.get("/api/trials/0").status_code == 409  # not judged yet
    assert annotator.get("/api/trials/-1").status_code == 409
    assert annotator.get("/api/trials/x").status_code == 422
    assert answers_of(house) == 0


def test_equal_where_it_is_not_allowed(tmp_path):
    study = studies.make_study(tmp_path, str(tmp_path / "study.db"), StudyDesign(team_size=1, equal_allowed=False))
    house = House(study)
    annotator = house.signed_in("team1-1")
    assert annotator.answer(0, "equal").status_code == 409
    assert 'data-choice="equal"' not in annotator.get("/work").text
    study.close()


def test_a_key_of_another_answer(house, annotator):
    assert annotator.answer(0, "left", "k" * 16).status_code == 200
    assert annotator.answer(1, "left", "k" * 16).status_code == 409
    assert answers_of(house) == 1


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b"[" * 4000])
def test_a_body_that_is_no_answer(house, annotator, body):
    headers = {"Origin": annotator.url, "X-CSRF-Token": annotator.csrf, "Content-Type": "application/json"}
    assert annotator.post("/api/answers", content=body, headers=headers).status_code in (400, 422)


def test_an_oversized_body(house, annotator):
    headers = {"Origin": annotator.url, "X-CSRF-Token": annotator.csrf, "Content-Type": "application/json"}
    padded = json.dumps(ANSWER).encode() + b" " * 5000
    assert annotator.post("/api/answers", content=padded, headers=headers).status_code == 413
    parts = (padded[place : place + 500] for place in range(0, len(padded), 500))  # without a length
    assert annotator.post("/api/answers", content=parts, headers=headers).status_code == 413
    for length, status in (("many", 413), ("-1", 413), ("9" * 30, 413), ("", 422)):
        lying = {**headers, "Content-Length": length}
        assert annotator.post("/api/answers", content=b"{}", headers=lying).status_code == status
    assert answers_of(house) == 0


def test_other_verbs(house, lead):
    everything = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
    known = {path: {m for p, m, _, _ in ROUTES if p == path} for path, _, _, _ in ROUTES}
    known |= {"/enter": {"GET"}, "/session": {"POST"}, "/images/x": {"GET"}, "/static/x/y": {"GET"}}
    for (path, methods), method in itertools.product(known.items(), everything):
        if method not in methods:
            headers = {"Origin": lead.url, "X-CSRF-Token": lead.csrf, "Content-Type": "application/json"}
            assert lead.request(method, path, headers=headers).status_code == 405, (method, path)


def test_a_web_socket(house):
    with pytest.raises(WebSocketDisconnect), house.stranger().websocket_connect("/api/trial"):
        pass


# ---- How often


def test_too_many_requests(house, annotator):
    house.clock.now += 60
    statuses = [annotator.get("/api/trial").status_code for _ in range(105)]
    assert statuses == [200] * 100 + [429] * 5
    assert house.signed_in("team1-2").get("/api/trial").status_code == 200  # another person isn't slowed down
    house.clock.now += 1
    assert [annotator.get("/api/trial").status_code for _ in range(21)] == [200] * 20 + [429]


@pytest.mark.slow
def test_too_many_images(house, annotator):
    address = annotator.get("/api/trial").json()["current"]["left"]
    assert [annotator.get(address).status_code for _ in range(202)] == [200] * 200 + [429] * 2
    assert annotator.get("/api/trial").status_code == 200  # answers aren't held up by images


def test_too_many_sign_ins(house):
    stranger = house.stranger()
    statuses = [stranger.open(f"/enter#{secrets.token_hex(20)}").status_code for _ in range(62)]
    assert statuses == [401] * 60 + [429] * 2
    house.clock.now += 0.5
    assert stranger.open(house.link("team1-1")).status_code == 200


def test_a_bucket_fills_steadily_and_a_full_table_is_cleared(monkeypatch):
    clock = Clock()
    bucket = limits.RateLimit(2.0, 3, clock)
    for _ in range(3):
        bucket.take("a")
    with pytest.raises(AccessError, match="Too many"):
        bucket.take("a")
    clock.now += 0.5
    bucket.take("a")
    with pytest.raises(AccessError):
        bucket.take("a")
    monkeypatch.setattr(limits, "_FORGET_AT", 5)
    for number in range(4):
        bucket.take(f"b{number}")
    clock.now += 1.0
    bucket.take("c")
    assert len(bucket._buckets) == 6  # nothing is forgotten before it is full again
    clock.now += 2.0
    bucket.take("d")
    assert set(bucket._buckets) == {"d"}


# ---- What every response carries


def test_headers_of_every_response(house, annotator):
    stranger = house.stranger()
    responses = [
        *(annotator.get(path) for path in ("/work", "/api/trial", "/nowhere", "/", "/lead")),
        *(stranger.get(path) for path in ("/", "/enter")),
        annotator.send_json("/api/answers", {}),
        annotator.send_json("/api/answers", ANSWER, Origin="https://evil.example"),
    ]
    assert [r.status_code for r in responses] == [200, 200, 404, 303, 403, 401, 200, 422, 403]
    for response in responses:
        policy = response.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["referrer-policy"] == "no-referrer"
        assert response.headers["cache-control"] == "no-store"
        assert "server" not in response.headers
    image = annotator.get(annotator.get("/api/trial").json()["current"]["left"])
    assert image.headers["cache-control"].startswith("private")
    assert image.headers["x-content-type-options"] == "nosniff"
    for page in (annotator.get("/work"), annotator.get("/lead"), stranger.get("/enter")):
        assert " style=" not in page.text
        assert "<script>" not in page.text
        assert " onclick" not in page.text


def test_the_cookie(house, tmp_path):
    cookie = house.stranger().open(house.link("team1-1")).headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    over_tls = House(house.study, Settings("https://lab.example"))
    stranger = over_tls.stranger()
    response = stranger.send_json(
        "/session", {"token": over_tls.link("team1-2").partition("#")[2], "browser": stranger.secret}
    )
    cookie = response.headers["set-cookie"]
    assert cookie.startswith("__Host-fgresq=")
    assert "Secure" in cookie
    assert "Path=/" in cookie
    assert "max-age" in response.headers["strict-transport-security"]


def test_an_error_of_ours_shows_no_trace(house, annotator, monkeypatch):
    def broken(*_):
        raise RuntimeError("secret detail")

    monkeypatch.setattr(type(house.study), "next_trial", broken)
    response = annotator.get("/api/trial")
    assert response.status_code == 500
    assert "secret detail" not in response.text
    assert response.headers["content-security-policy"]
