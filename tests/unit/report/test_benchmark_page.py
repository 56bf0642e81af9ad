"""The page of a benchmark, from stores of real photographs with scores put in by hand."""

import base64
import hashlib
import io
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.unit.benchmark.studies import judge, new_store, put_scores
from tests.unit.report.photo_study import HOSTILE, HOSTILE_CONTENT, make_photo_study
from tests.unit.report.written_page import Page

from fgresq.benchmark.evidence import make_evidence
from fgresq.benchmark.sets import read_set
from fgresq.benchmark.tables import TableSettings
from fgresq.errors import OutputError
from fgresq.report.benchmark.page import PageLimits, WrittenPage, detail, embedded, write_benchmark_page
from fgresq.report.benchmark.page.grid import caveats, grid, not_separated_from_best
from fgresq.report.benchmark.page.heat import LEVELS, heat_maps, level
from fgresq.results import BenchmarkEvidence, BenchmarkResult, MetricTest, SignificanceMatrix

# By place in RESTORATIONS: people like the first best and the noisy one least.
AGREES, LIKES_NOISE = (4.0, 3.0, 2.0, 1.0), (3.0, 2.0, 1.0, 4.0)


def evidence_of(
    folder: Path, judges: Mapping[str, tuple[float | str, ...]], disagreements: int = 4, **study: Any
) -> BenchmarkEvidence:
    """Of a new photo study; each judge gives a score by place, and a little more for later contents."""
    data = read_set(str(make_photo_study(folder / "photographs", **study)))
    store = new_store(folder / "store", data)
    for name, by_place in judges.items():
        scores: dict[str, float | str | None] = {}
        for image in data.manifest.images:
            number, place = map(int, image.image_id.split("-"))
            value = by_place[place]
            scores[image.image_id] = value if isinstance(value, str) else value + 0.05 * number
        put_scores(store, data, judge(name, title=name), scores)
    return make_evidence(store, TableSettings(resamples=300), disagreements=disagreements)


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> BenchmarkEvidence:
    judges = {"agrees": AGREES, "likes noise": LIKES_NOISE, HOSTILE: (1.0, 2.0, f"{HOSTILE} isn't an image", 4.0)}
    return evidence_of(tmp_path_factory.mktemp("evidence"), judges)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out" / "report.html"


def written(evidence: BenchmarkEvidence, target: Path, limits: PageLimits | None = None) -> Page:
    write_benchmark_page(evidence, target, limits)
    return Page(target)


def test_holds_the_figures_of_the_tables(evidence: BenchmarkEvidence, target: Path) -> None:
    page = written(evidence, target)
    assert "3 metrics on 12 images of 1 data set" in page.text
    for result in (evidence.by_task, evidence.by_range):
        assert result is not None
        for table in result.tables:
            for row in table.rows:
                for cell in row.cells:
                    assert cell.value is None or f"{cell.value:.3f}" in page.text
    assert "Denoising , ACC: agrees has the highest figure (1.000), but 3 contents don’t separate it from" in page.text
    assert "3 contents are too few to call any difference real" in page.text


def test_names_are_text_whatever_they_hold(evidence: BenchmarkEvidence, target: Path) -> None:
    page = written(evidence, target)
    assert page.text.count(HOSTILE) > 5
    assert HOSTILE_CONTENT.replace("\n", "↵") in page.text
    assert f"{HOSTILE} isn't an image ({HOSTILE})" in page.text
    assert not [attributes for _, attributes in page.elements if "onerror" in attributes or "style" in attributes]
    assert not page.all("b")
    index = page.data("index")
    assert isinstance(index, list)
    assert any(HOSTILE in image["name"] for entry in index for image in entry["images"])


def test_failures_are_named_counted_and_cut_at_a_limit(evidence: BenchmarkEvidence, target: Path) -> None:
    page = written(evidence, target)
    assert "3 files couldn’t be judged" in page.text
    [failures] = [each.failures for each in evidence.metrics if each.title == HOSTILE]
    assert len(failures) == 3
    assert all(path in page.text for path, _ in failures)
    assert "the store names" not in page.text
    page = written(evidence, target, PageLimits(failures=1))
    assert "3 files couldn’t be judged" in page.text
    assert "And 2 more, which the store names." in page.text
    assert failures[2][0] not in page.text


def test_what_was_trained_on_stands_in_red_at_the_top_and_at_every_figure(
    evidence: BenchmarkEvidence, target: Path
) -> None:
    said = f"{HOSTILE} has seen 3 images"

    def seen(result: BenchmarkResult | None) -> BenchmarkResult:
        assert result is not None
        return replace(
            result,
            tables=tuple(
                replace(
                    table,
                    warnings=(said,),
                    rows=tuple(
                        replace(row, cells=tuple(replace(cell, seen=cell.n) for cell in row.cells))
                        if row.title == "agrees"
                        else row
                        for row in table.rows
                    ),
                )
                for table in result.tables
            ),
        )

    records = tuple(replace(each, seen=3 * (each.title == "agrees")) for each in evidence.metrics)
    warned = replace(
        evidence, warnings=(said,), metrics=records, by_task=seen(evidence.by_task), by_range=seen(evidence.by_range)
    )
    before, page = written(evidence, target), written(warned, target)
    assert "†" not in before.text
    tables = [table for result in (warned.by_task, warned.by_range) if result is not None for table in result.tables]
    assert page.text.count(f"† {said}") == 1 + len(tables), "at the top, and under every table"
    classes = [attributes.get("class") for _, attributes in page.elements]
    assert classes.count("notice seen") == 1
    assert ".seen { color: var(--seen); }" in dict(page.raw)["style"]
    figures = [
        cell for table in tables for row in table.rows for cell in row.cells if cell.seen and cell.value is not None
    ]
    assert figures
    assert all(f"{cell.value:.3f}†" in page.text for cell in figures)
    text = re.sub(r"\s+†", "†", page.text)
    assert "agrees† has the highest figure" in text
    maps = heat_maps(warned.by_task.tables[0]) if warned.by_task is not None else ()
    assert all(found.rows[-1][0].title == "agrees" for found in maps), "behind all others, though it's the best"
    compared = [matrix for matrix in warned.matrices if "agrees" in matrix.titles]
    assert text.count("agrees† ") >= 2 * len(compared) > 0, "in the rows and columns of the tests"


def test_provenance_names_versions_weights_and_checksums(evidence: BenchmarkEvidence, target: Path) -> None:
    records = (replace(evidence.metrics[0], parameters="c0ffee" * 10, version="7.3"), *evidence.metrics[1:])
    text = written(replace(evidence, metrics=records), target).text
    assert "native 7.3" in text
    assert "c0ffee" * 10 in text
    [data] = evidence.sets
    for part in (*data.tables_sha256.values(), data.files_sha256, data.origin, *evidence.software.values()):
        assert part in text


def test_asks_nothing_of_any_network_and_allows_only_its_own_script(evidence: BenchmarkEvidence, target: Path) -> None:
    page = written(evidence, target)
    for sign in ("http://", "https://", "url(", "@import"):
        assert sign not in page.source
    sources = [value for _, attributes in page.elements for key, value in attributes.items() if key in ("src", "href")]
    assert all(re.match(r"data:|#", source or "") for source in sources)
    [policy] = [a["content"] or "" for a in page.all("meta") if a.get("http-equiv") == "Content-Security-Policy"]
    for name in ("style", "script"):
        digest = base64.b64encode(hashlib.sha256(dict(page.raw)[name].encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}';" in policy
    assert "unsafe" not in policy


def test_can_be_read_without_eyes(evidence: BenchmarkEvidence, target: Path) -> None:
    page = written(evidence, target)
    assert len(page.all("table")) == len(page.all("caption")) == 8  # by task, by range, heat map, 2 grids, 3 of records
    assert all(header.get("scope") in ("row", "col", "colgroup", "rowgroup") for header in page.all("th"))
    thumbnails = [image["alt"] for image in page.all("img") if image.get("src")]
    assert len(thumbnails) == 2 * len(evidence.disagreements)
    assert all(thumbnails)
    assert all(region.get("tabindex") == "0" for region in page.all("div") if region.get("role") == "region")
    targets = {attributes["href"] for attributes in page.all("a")}
    assert targets <= {f"#{attributes['id']}" for _, attributes in page.elements if "id" in attributes}


def test_whole_images_are_bit_for_bit_those_on_disk(evidence: BenchmarkEvidence, target: Path) -> None:
    assert write_benchmark_page(evidence, target) == WrittenPage(len(evidence.disagreements), 0)
    page = Page(target)
    index = page.data("index")
    assert isinstance(index, list)
    assert len(index) == len(evidence.disagreements)
    used = set()
    for entry, shown in zip(index, evidence.disagreements, strict=True):
        for told, image in zip(entry["images"], (shown.by_people, shown.by_metric), strict=True):
            [uri] = page.data(f"images-{told['list']}")  # type: ignore[misc]
            assert base64.b64decode(uri.partition(",")[2]) == Path(image.path).read_bytes()
            used.add(told["list"])
        assert entry["note"] == ""
    # An image that stands in several pairs is in the page once.
    assert used == set(range(len({p for d in evidence.disagreements for p in (d.by_people.path, d.by_metric.path)})))
    assert len(used) < 2 * len(index)


def test_large_files_are_reduced_and_a_piece_of_them_is_whole(
    evidence: BenchmarkEvidence, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "LARGEST_WHOLE", 20_000)
    monkeypatch.setattr(embedded, "PREVIEW_SIDE", 90)
    monkeypatch.setattr(embedded, "DETAIL_SIDE", 64)
    monkeypatch.setattr(detail, "DETAIL_SIDE", 64)
    page = written(evidence, target)
    index = page.data("index")
    assert isinstance(index, list)
    assert len(index) == 2 * len(evidence.disagreements)
    for whole, piece, shown in zip(index[::2], index[1::2], evidence.disagreements, strict=True):
        assert whole["note"] == "Reduced to at most 90 px from 180 × 120 px, and compressed again."
        assert piece["name"] == f"{whole['name']}, a piece"
        x, y = map(int, re.findall(r"x (\d+), y (\d+), where they differ most", piece["note"])[0])
        for place, image in enumerate((shown.by_people, shown.by_metric)):
            assert picture(page, whole["images"][place]).size == (90, 60)
            expected = np.asarray(Image.open(image.path).convert("RGB"))[y : y + 64, x : x + 64]
            assert np.array_equal(np.asarray(picture(page, piece["images"][place])), expected)
    buttons = [int(each["data-content"] or "") for each in page.all("button") if "data-content" in each]
    assert buttons == list(range(0, len(index), 2))
    assert "Reduced to at most 90 px from 180 × 120 px, and compressed again. The viewer also has a piece" in page.text


def picture(page: Page, told: Mapping[str, int]) -> Image.Image:
    [uri] = page.data(f"images-{told['list']}")  # type: ignore[misc]
    return Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))


def test_the_piece_is_where_two_images_differ_most() -> None:
    generator = np.random.default_rng(3)
    first = generator.integers(0, 255, (1100, 900, 3), dtype=np.uint8)
    second = first.copy()
    second[40:60, 50:70] ^= 255
    second[500:900, 200:600] ^= 128
    place = detail.most_different(first, second)
    assert place is not None
    side, difference = detail.DETAIL_SIDE, np.abs(first.astype(int) - second).sum(axis=2)
    sums = {
        (x, y): difference[y : y + side, x : x + side].sum()
        for x in range(0, 900 - side + 1, 32)
        for y in range(0, 1100 - side + 1, 32)
    }
    assert sums[place] == max(sums.values()) > 0
    assert detail.most_different(first, second[:600]) is None
    assert detail.most_different(first[:500], second[:500]) is None


@pytest.mark.parametrize("limit", [0, 60_000, 150_000, 2_000_000])
def test_images_stay_within_the_limit(evidence: BenchmarkEvidence, target: Path, limit: int) -> None:
    found = write_benchmark_page(evidence, target, PageLimits(images=limit))
    page = Page(target)
    uris = [uri for name, text in page.raw if name.startswith("images-") for uri in re.findall(r"data:[^\"]+", text)]
    uris += [image["src"] or "" for image in page.all("img") if image.get("src")]
    assert sum(map(len, uris)) <= limit
    assert found.with_images + found.without_images == len(evidence.disagreements)
    assert (found.without_images == 0) == (limit == 2_000_000)
    assert ("No room: the page’s limit for images is reached." in page.text) == (limit < 2_000_000)
    assert f"{found.with_images} with images" in page.text
    if limit == 0:
        assert not [attributes for attributes in page.all("section") if attributes.get("id") == "viewer"]
        assert "script" not in dict(page.raw)


def test_an_image_that_went_away_is_named(tmp_path: Path, target: Path) -> None:
    evidence = evidence_of(tmp_path, {"likes noise": LIKES_NOISE})
    gone = evidence.disagreements[0].by_metric.path
    Path(gone).unlink()
    found = write_benchmark_page(evidence, target)
    assert found.without_images == sum(gone == each.by_metric.path for each in evidence.disagreements)
    assert f"{gone}: no such file" in Page(target).text


def test_one_content_gives_figures_without_intervals_or_tests(tmp_path: Path, target: Path) -> None:
    judges = {"agrees": AGREES, "likes noise": LIKES_NOISE}
    page = written(evidence_of(tmp_path, judges, contents=["coffee"]), target)
    assert "No intervals by task: every figure rests on one content" in page.text
    assert "A test by content needs at least two contents in each data set, and there is only one." in page.text
    assert "nothing says whether that is more than chance" in page.text
    assert "None" not in page.text.replace("None was", "")
    assert not [a for a in page.all("line") if a["class"] == "whisker"]


def test_without_pairs_there_is_no_accuracy_and_without_mos_no_correlation(tmp_path: Path, target: Path) -> None:
    judges = {"agrees": AGREES, "likes noise": LIKES_NOISE}
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    no_pairs = written(evidence_of(tmp_path / "a", judges, pairs=False), target)
    assert "ACC" not in " ".join(no_pairs.words[no_pairs.words.index("By task") :]).replace("ACC 0", "")
    assert "by MOS" in no_pairs.text
    no_mos = written(evidence_of(tmp_path / "b", judges, mos=False), target)
    assert "No table by range: no image of photographs has a MOS" in no_mos.text
    assert not [attributes for attributes in no_mos.all("section") if attributes.get("id") == "ranges"]
    assert "by preferences" in no_mos.text
    assert "SRCC" not in no_mos.text


def test_an_undefined_correlation_is_a_dash_with_its_reason(tmp_path: Path, target: Path) -> None:
    data = read_set(str(make_photo_study(tmp_path / "photographs", pairs=False)))
    store = new_store(tmp_path / "store", data)
    put_scores(store, data, judge("flat"), {image.image_id: 0.5 for image in data.manifest.images})
    page = written(make_evidence(store, TableSettings(resamples=50)), target)
    assert "- : all scores are equal" in page.text
    assert "FLAT: its SRCC is undefined there." in page.text
    assert "0.000" not in page.text
    assert "None was found: a disagreement needs" in page.text
    assert "nan" not in page.text.lower().split()


def test_nothing_in_common_is_said_in_words(tmp_path: Path, target: Path) -> None:
    page = written(evidence_of(tmp_path, {"broken": ("bad", "bad", "bad", "bad")}), target)
    assert "12 files couldn’t be judged" in page.text
    assert "broken: no finite score for 12 of 12 images." in page.text
    assert "No metric has a figure here." in page.text


@pytest.mark.parametrize("where", ["nowhere/report.html", "."])
def test_unwritable_output_is_an_error_that_names_it(evidence: BenchmarkEvidence, tmp_path: Path, where: str) -> None:
    with pytest.raises(OutputError, match=re.escape(str(tmp_path / where))):
        write_benchmark_page(evidence, tmp_path / where)


def test_levels_of_the_scale() -> None:
    assert [level(value, "SRCC") for value in (-1.0, 0.0, 1.0)] == [0, LEVELS // 2, LEVELS]
    assert [level(value, "ACC") for value in (0.0, 0.5, 1.0)] == [0, LEVELS // 2, LEVELS]
    assert level(0.26, "PLCC") == 13


def matrix_with(contents: int, adjusted: float = 0.01) -> SignificanceMatrix:
    test = MetricTest(0, 1, 0.2, 0.1, 0.3, adjusted / 2, adjusted)
    return SignificanceMatrix("Denoising", "SRCC", ("a", "b"), (0.9, 0.7), (test,), 100, contents, ())


def test_a_grid_says_the_same_in_both_directions() -> None:
    [[itself, better], [worse, _]] = grid(matrix_with(50))
    assert (better.difference, better.low, better.high, better.verdict) == (0.2, 0.1, 0.3, "better")
    assert (worse.difference, worse.low, worse.high, worse.verdict) == (-0.2, -0.3, -0.1, "worse")
    assert itself.verdict == "none"
    assert not_separated_from_best(matrix_with(50)) == ()
    assert caveats(matrix_with(50), 10_000) == ()


@pytest.mark.parametrize(
    ("contents", "adjusted", "resamples", "said"),
    [
        (5, 0.01, 10_000, "too few to call any difference real"),
        (12, 0.01, 10_000, "p-values too small: a hint, no more"),
        (50, 0.2, 10_000, None),
        (50, 0.01, 38, "more --resamples are needed"),
    ],
)
def test_what_keeps_tests_from_being_taken_at_their_word(
    contents: int, adjusted: float, resamples: int, said: str | None
) -> None:
    matrix = matrix_with(contents, adjusted)
    found = caveats(matrix, resamples)
    assert [said in text for text in found] == [True] if said else found == ()
    verdict = "better" if adjusted < 0.05 and contents >= 6 else "open"
    assert grid(matrix)[0][1].verdict == verdict
    assert not_separated_from_best(matrix) == (("b",) if verdict == "open" else ())
