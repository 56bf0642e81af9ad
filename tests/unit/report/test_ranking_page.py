import base64
import hashlib
import re
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.report.rankings import HOSTILE, RESTORATIONS, make_ranking, with_failures
from tests.unit.report.written_page import Page

from fgresq.errors import ImageError, OutputError
from fgresq.report import ranking_page, write_ranking_page
from fgresq.report.ranking_words import caveats
from fgresq.results import AlgorithmPair, Candidate, ComparedGroup, ContentRanking


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder / "report.html"


def test_says_where_its_numbers_come_from(tmp_path: Path, target: Path) -> None:
    ranking = make_ranking(tmp_path)
    assert write_ranking_page(ranking, target) == 2
    text = Page(target).text
    assert "Weights compact : untrained: these scores mean nothing yet" in text
    for part in ("9f86d081884c", "fgresq 0.1.0", "short side 256, centre 224", "fp32 on cpu"):
        assert part in text
    assert "95% bootstrap intervals over contents (1000 resamples, seed 0)" in text


def test_leaderboard_and_matrix_hold_the_figures(tmp_path: Path, target: Path) -> None:
    write_ranking_page(make_ranking(tmp_path), target)
    page = Page(target)
    assert "+2.00 +1.40 to +2.60 100% 8 / 0 / 0 0.800 2" in page.text
    assert "−2.00 −2.60 to −1.40 0% 0 / 0 / 8 0.400 2" in page.text
    heat = [attributes["class"] for attributes in page.all("td") if (attributes.get("class") or "").startswith("heat")]
    assert sorted(set(heat)) == ["heat level-0", "heat level-10"]
    assert len(heat) == 20
    assert sum((attributes.get("class") or "") == "none self" for attributes in page.all("td")) == 5


def test_names_are_text_whatever_they_hold(tmp_path: Path, target: Path) -> None:
    write_ranking_page(with_failures(make_ranking(tmp_path)), target)
    page = Page(target)
    assert HOSTILE in page.text
    assert "half↵size" in page.text
    assert "müde 写真" in page.text
    assert not [attributes for _, attributes in page.elements if "onerror" in attributes]
    assert not [attributes for _, attributes in page.elements if "style" in attributes]
    index = page.data("index")
    assert isinstance(index, list)
    assert [entry["name"] for entry in index[0]["images"]][2] == HOSTILE


def test_bytes_that_are_no_utf_8_become_escapes(tmp_path: Path, target: Path) -> None:
    ranking = make_ranking(tmp_path, ["astronaut"])
    content = replace(ranking.contents[0], content="caf\udce9")
    write_ranking_page(replace(ranking, contents=(content,)), target)
    assert r"caf\udce9" in Page(target).text


def test_asks_nothing_of_any_network(tmp_path: Path, target: Path) -> None:
    write_ranking_page(make_ranking(tmp_path), target)
    page = Page(target)
    assert "http://" not in page.source
    assert "https://" not in page.source
    assert "url(" not in page.source
    assert "@import" not in page.source
    sources = [value for _, attributes in page.elements for key, value in attributes.items() if key in ("src", "href")]
    assert sources
    assert all(re.match(r"data:|#", source or "") for source in sources)


def test_policy_allows_exactly_the_page_s_own_style_and_script(tmp_path: Path, target: Path) -> None:
    write_ranking_page(make_ranking(tmp_path), target)
    page = Page(target)
    [policy] = [a["content"] or "" for a in page.all("meta") if a.get("http-equiv") == "Content-Security-Policy"]
    for name in ("style", "script"):
        digest = base64.b64encode(hashlib.sha256(dict(page.raw)[name].encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}';" in policy
    assert policy.startswith("default-src 'none'; img-src data:;")
    assert "unsafe" not in policy


def test_holds_every_whole_image_once(tmp_path: Path, target: Path) -> None:
    ranking = make_ranking(tmp_path)
    write_ranking_page(ranking, target)
    page = Page(target)
    for number, content in enumerate(ranking.contents):
        uris = page.data(f"images-{number}")
        assert isinstance(uris, list)
        for uri, candidate in zip(uris, content.candidates, strict=True):
            assert base64.b64decode(uri.partition(",")[2]) == Path(candidate.path).read_bytes()
            assert page.source.count(uri) == 1


def test_one_content_gives_no_interval(tmp_path: Path, target: Path) -> None:
    write_ranking_page(make_ranking(tmp_path, ["astronaut"]), target)
    page = Page(target)
    assert "One content gives no interval" in page.text
    assert page.text.count("no interval") >= len(RESTORATIONS)
    assert "None" not in page.text
    assert [a for a in page.all("circle") if a["class"] == "dot hollow"]
    assert not [a for a in page.all("line") if a["class"] == "whisker"]


@pytest.mark.parametrize("limit", [0, 1, 2])
def test_states_how_many_contents_it_shows(tmp_path: Path, target: Path, limit: int) -> None:
    ranking = make_ranking(tmp_path, ["astronaut", "coffee", "third"])
    assert write_ranking_page(ranking, target, contents=limit) == limit
    page = Page(target)
    assert f"{limit} of 3 contents shown; --report-contents and --report-size change this" in page.text
    assert len(page.all("article")) == limit


def test_says_nothing_of_a_limit_when_all_are_shown(tmp_path: Path, target: Path) -> None:
    write_ranking_page(make_ranking(tmp_path), target, contents=2)
    assert "--report-contents" not in Page(target).text
    assert "--report-size" not in Page(target).text


def test_carries_what_the_terminal_says(tmp_path: Path, target: Path) -> None:
    ranking = replace(with_failures(make_ranking(tmp_path)), warnings=("alpha: 1 of 10 images has an alpha channel",))
    write_ranking_page(ranking, target)
    said = caveats(ranking)
    assert len(said) == 4
    for caveat in said:
        assert caveat in Page(target).text


def test_whole_images_stay_within_the_size(tmp_path: Path, target: Path) -> None:
    ranking = make_ranking(tmp_path)
    write_ranking_page(ranking, target)
    full = target.stat().st_size
    [one, two] = (sum(map(len, Page(target).data(f"images-{n}"))) for n in (0, 1))
    assert one != two
    room = full - one - two + min(one, two) + 2000  # more than the page without images, and one content's
    assert write_ranking_page(ranking, target, megabytes=room / 1e6) == 2
    page = Page(target)
    assert target.stat().st_size < full - 0.8 * max(one, two)
    assert len(page.data("index")) == 1, "the content that fits, be it the first or not"
    assert "The whole images of 1 content are left out" in page.text
    assert len(page.all("article")) == 2
    buttons = [attributes for attributes in page.all("button") if attributes.get("class") == "frame"]
    assert len(buttons) == len(RESTORATIONS)


def test_no_size_leaves_no_image(tmp_path: Path, target: Path) -> None:
    assert write_ranking_page(make_ranking(tmp_path), target, megabytes=0.0) == 0
    assert "data:image" not in target.read_text(encoding="utf-8")


def test_thumbnails_load_when_they_are_seen(tmp_path: Path, target: Path) -> None:
    write_ranking_page(make_ranking(tmp_path), target)
    thumbnails = [attributes for attributes in Page(target).all("img") if attributes.get("src")]
    assert len(thumbnails) == 2 * len(RESTORATIONS)
    assert all(attributes["loading"] == "lazy" for attributes in thumbnails)


def test_groups_and_the_lone_are_set_apart(tmp_path: Path, target: Path) -> None:
    ranking = make_ranking(tmp_path)
    one, two, three, four, five = ranking.leaderboard
    rows = (
        *(one, two),
        *(replace(row, group=2, place=place, not_separated_from=()) for place, row in enumerate((three, four), 1)),
        replace(five, group=None, place=None, strength=None, low=None, high=None, mean_score=None),
    )
    groups = (
        ComparedGroup((one.algorithm, two.algorithm), 2, 1),
        ComparedGroup((three.algorithm, four.algorithm), 1, 1),
    )
    write_ranking_page(replace(ranking, leaderboard=rows, groups=groups), target)
    text = Page(target).text
    for part in ("Group 1, on 2 contents", "Group 2, on 1 content", "Compared with no other", "largest of 2 groups"):
        assert part in text
    assert "None" not in text


def test_differences_to_a_baseline_are_shown(tmp_path: Path, target: Path) -> None:
    pairs = (
        AlgorithmPair("sharp", "negative", 8, 0.9, 0.1, 0.0, 1.0, 0.4, 1.7, 0.0004, 0.0012, "sharp"),
        AlgorithmPair("müde 写真", "negative", 3, 0.4, 0.5, 0.1, -0.2, -1.0, 0.6, None, None, None),
    )
    write_ranking_page(replace(make_ranking(tmp_path), baseline="negative", against_baseline=pairs), target)
    text = Page(target).text
    assert "sharp +1.00 +0.40 to +1.70 < 0.001 0.001 8 better" in text
    assert "müde 写真 −0.20 −1.00 to +0.60 - - 3 –" in text


def test_a_negative_limit_is_refused(tmp_path: Path, target: Path) -> None:
    with pytest.raises(ValueError, match="-1"):
        write_ranking_page(make_ranking(tmp_path), target, contents=-1)


def test_failed_and_missing_images_are_named(tmp_path: Path, target: Path) -> None:
    write_ranking_page(with_failures(make_ranking(tmp_path)), target)
    text = Page(target).text
    assert "1 image failed, 1 file missing." in text
    assert "sharp/night.png : is empty (0 bytes)" in text
    assert f"{HOSTILE} has no image of night" in text


def test_candidates_with_equal_points_share_a_place(tmp_path: Path, target: Path) -> None:
    ranking = make_ranking(tmp_path, ["astronaut"])
    first, second = ranking.contents[0].candidates[:2]
    tied = tuple(Candidate(c.algorithm, c.path, c.score, 1, 1, 1) for c in (first, second))
    third = replace(ranking.contents[0].candidates[2], wins=0)
    content = ContentRanking("astronaut", (*tied, third), ("sharp", "negative"))
    write_ranking_page(replace(ranking, contents=(content,)), target)
    index = Page(target).data("index")
    assert isinstance(index, list)
    assert [entry["label"].split()[0] for entry in index[0]["images"]] == ["1.", "1.", "3."]


def test_an_image_that_went_away_is_named_and_left_out_of_the_viewer(tmp_path: Path, target: Path) -> None:
    ranking = make_ranking(tmp_path)
    Path(ranking.contents[0].candidates[1].path).unlink()
    write_ranking_page(ranking, target)
    page = Page(target)
    index = page.data("index")
    assert isinstance(index, list)
    assert "no such file" in page.text
    assert [len(entry["images"]) for entry in index] == [4, 5]


@pytest.mark.parametrize("where", ["nowhere/report.html", "."])
def test_unwritable_output_is_an_error_that_names_it(tmp_path: Path, target: Path, where: str) -> None:
    path = target.parent / where
    with pytest.raises(OutputError, match=re.escape(str(path))):
        write_ranking_page(make_ranking(tmp_path), path)
    assert list(target.parent.iterdir()) == []


def test_a_failure_halfway_leaves_the_earlier_page(
    tmp_path: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(path: Path) -> str:
        raise ImageError(str(path), "no such file")

    target.write_text("earlier", encoding="utf-8")
    ranking = make_ranking(tmp_path)
    monkeypatch.setattr(ranking_page, "image_data_uri", gone)
    with pytest.raises(ImageError):
        write_ranking_page(ranking, target)
    assert target.read_text(encoding="utf-8") == "earlier"
    assert list(target.parent.iterdir()) == [target]
