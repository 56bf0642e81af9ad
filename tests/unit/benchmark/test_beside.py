"""Other metrics beside a ranking: their values, their order, and where both disagree."""

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageFilter

import fgresq
from fgresq.benchmark.beside import Cut, identify_all, measured
from fgresq.errors import LayoutError, UserError
from fgresq.metrics.base import Score
from fgresq.metrics.composites import COMPOSITES
from fgresq.metrics.registry import find_card, identify, open_metric
from fgresq.metrics.runners import MetricSettings
from fgresq.report.ranking_page import write_ranking_page
from fgresq.report.tables import ranking_document, write_ranking
from fgresq.results import Ranking
from fgresq.scoring.gathering import Gathered, gather, gather_references

CONTENTS = ("astronaut", "chelsea", "coffee")


@pytest.fixture(scope="module")
def folder(photographs: Mapping[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """References, and three restorations of each: nearly right, blurred, and too dark but sharp."""
    root = tmp_path_factory.mktemp("beside")
    for content in CONTENTS:
        whole = Image.open(photographs[content]).convert("RGB").resize((192, 128))
        made = {
            "references": whole,
            "results/near": whole.filter(ImageFilter.GaussianBlur(0.6)),
            "results/soft": whole.filter(ImageFilter.GaussianBlur(2.0)),
            "results/dark": Image.fromarray((np.asarray(whole) * 0.6).astype(np.uint8)),
        }
        for place, picture in made.items():
            (root / place).mkdir(parents=True, exist_ok=True)
            picture.save(root / place / f"{content}.png")
    return root


@pytest.fixture(scope="module")
def gathered(folder: Path) -> Gathered:
    return gather([folder / "results"])


@pytest.fixture(scope="module")
def ranking(gathered: Gathered) -> Ranking:
    return fgresq.load(device="cpu").rank(gathered)


def unit(path: Path) -> np.ndarray:
    return cv2.imread(str(path))[..., ::-1] / 255


def test_values_are_those_of_the_metric(ranking: Ranking, gathered: Gathered, folder: Path) -> None:
    references, notes = gather_references(gathered, folder / "references")
    assert notes == ("references: 3 of 3 contents have one",)
    done: list[int] = []
    metrics = identify_all(["psnr-y", "piqe"])
    psnr, piqe = measured(ranking, gathered.images, references, metrics, Cut(border=4), done.append)
    assert sum(done) == 2 * 9
    for algorithm, contents in psnr.scores.items():
        for content, value in contents.items():
            restored, reference = (
                unit(path)[4:-4, 4:-4] for path in (gathered.images[algorithm][content], references[content])
            )
            assert value == pytest.approx(fgresq.metric("psnr-y")(restored, reference), abs=1e-9)
            whole = fgresq.metric("piqe")(unit(gathered.images[algorithm][content]))
            assert piqe.scores[algorithm][content] == pytest.approx(whole, abs=1e-4), "nothing is cut off for it"
    assert (psnr.metric, psnr.cut, piqe.cut) == ("psnr-y", "4 pixels cut off", "")
    means = {row.algorithm: (row.mean, row.place) for row in psnr.standings}
    assert [means[name][1] for name in ("near", "soft", "dark")] == [1, 2, 3]
    assert means["soft"][0] == pytest.approx(np.mean(list(psnr.scores["soft"].values())))
    assert [row.algorithm for row in psnr.standings] == [row.algorithm for row in ranking.leaderboard]
    by_piqe = sorted(piqe.standings, key=lambda row: row.mean or 0.0)
    assert [row.place for row in by_piqe] == [1, 2, 3], "lower is better"
    assert psnr.contents == piqe.contents == 3


def test_agreement_is_counted_over_pairs_of_one_content(ranking: Ranking, gathered: Gathered, folder: Path) -> None:
    references, _ = gather_references(gathered, folder / "references")
    (psnr,) = measured(ranking, gathered.images, references, identify_all(["psnr"]), Cut())
    same = pairs = 0
    for entry in ranking.contents:
        points = {each.algorithm: each.wins + each.ties / 2 for each in entry.candidates}
        for a, b in (("near", "soft"), ("near", "dark"), ("soft", "dark")):
            if points[a] != points[b]:
                pairs += 1
                values = [psnr.scores[name][entry.content] for name in (a, b)]
                same += (points[a] > points[b]) == (values[0] > values[1])
    assert psnr.pairs == pairs
    assert psnr.agreed == pytest.approx(same / pairs)
    for each in psnr.disagreements:
        assert each.other_value > each.preferred_value
        points = {
            c.algorithm: c.wins + c.ties / 2
            for e in ranking.contents
            if e.content == each.content
            for c in e.candidates
        }
        assert points[each.preferred] > points[each.other]
    assert any(each.other == "soft" and each.preferred == "dark" for each in psnr.disagreements)
    expected = {"near": 1, "soft": 2, "dark": 3}
    places = [expected[row.algorithm] for row in ranking.leaderboard]
    assert psnr.order_srcc == pytest.approx(1 - sum((p - n) ** 2 for n, p in enumerate(places, 1)) * 6 / 24)


def test_what_cannot_be_measured_is_named(ranking: Ranking, gathered: Gathered, folder: Path, tmp_path: Path) -> None:
    references, _ = gather_references(gathered, folder / "references")
    odd = tmp_path / "odd.png"
    Image.open(references["coffee"]).crop((0, 0, 191, 127)).save(odd)
    given = {"astronaut": references["astronaut"], "coffee": odd}
    metrics = identify_all(["psnr"])
    for cut, reason in (
        (Cut(), "size"),
        (Cut(border=2), "192x128 pixels, and its reference 191x127; --modcrop SCALE"),
        (Cut(modulo=4), "192x128 pixels, and its reference 188x124"),
    ):
        (found,) = measured(ranking, gathered.images, given, metrics, cut)
        reasons = {(Path(each.path).stem, str(each.error)) for each in found.failures}
        assert {name for name, _ in reasons} == {"chelsea", "coffee"}
        assert {said for name, said in reasons if name == "chelsea"} == {"no reference has this content's name"}
        assert all(reason in said for name, said in reasons if name == "coffee")
        assert found.contents == 1, "means are over what all have"
    (found,) = measured(ranking, gathered.images, given, metrics, Cut(border=64))
    assert not any(found.scores.values())
    assert found.agreed is None
    assert found.order_srcc is None
    assert {row.place for row in found.standings} == {None}


def test_references_are_cut_to_multiples_of_the_scale(
    ranking: Ranking, gathered: Gathered, folder: Path, tmp_path: Path
) -> None:
    references, _ = gather_references(gathered, folder / "references")
    padded = {}
    for content, path in references.items():
        wide = np.pad(np.asarray(Image.open(path)), ((0, 3), (0, 1), (0, 0)), mode="edge")
        padded[content] = tmp_path / f"{content}.png"
        Image.fromarray(wide).save(padded[content])
    metrics = identify_all(["psnr"])
    (plain,) = measured(ranking, gathered.images, references, metrics, Cut())
    (cut,) = measured(ranking, gathered.images, padded, metrics, Cut(modulo=4))
    assert cut.scores == plain.scores
    assert not cut.failures


def test_mistakes(gathered: Gathered, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="psnr"):
        identify_all(["pnsr"])
    with pytest.raises(UserError, match="names psnr twice"):
        identify_all(["psnr", "psnr"])
    with pytest.raises(UserError, match="at least 1 and 0"):
        Cut(border=-1)
    with pytest.raises(LayoutError, match="no such folder"):
        gather_references(gathered, tmp_path / "absent")
    with pytest.raises(LayoutError, match="holds no image"):
        gather_references(gathered, tmp_path)
    (tmp_path / "other.png").write_bytes((folder / "references" / "coffee.png").read_bytes())
    with pytest.raises(LayoutError, match="no reference has the name of a content"):
        gather_references(gathered, tmp_path)


def test_written_and_shown(ranking: Ranking, gathered: Gathered, folder: Path, tmp_path: Path) -> None:
    references, _ = gather_references(gathered, folder / "references")
    equal = {content: gathered.images["near"][content] for content in CONTENTS}
    found = measured(ranking, gathered.images, references, identify_all(["psnr-y"]), Cut(border=2))
    endless = measured(ranking, gathered.images, equal, identify_all(["psnr"]), Cut())
    both = replace(ranking, beside=(*found, *endless))
    assert both.beside[1].scores["near"]["coffee"] == math.inf
    document = json.loads(json.dumps(ranking_document(both), allow_nan=False))
    assert document["beside"][1]["scores"]["near"]["coffee"] == "inf"
    assert document["beside"][0]["made_by"].startswith("native ")
    for suffix in ("csv", "parquet", "md", "tex", "xlsx"):
        write_ranking(tmp_path / f"ranking.{suffix}", both)
    assert "psnr-y" in (tmp_path / "ranking.csv").read_text().splitlines()[0]
    assert "Other metrics: means and places; 2 pixels cut off" in (tmp_path / "ranking.md").read_text().replace(
        "\\", ""
    )
    write_ranking_page(both, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert "Where they disagree" in page
    assert page.count('<figure class="contrary">') == sum(min(3, len(each.disagreements)) for each in both.beside)
    write_ranking_page(both, tmp_path / "page.html", megabytes=0.0)
    assert '<figure class="contrary">' not in (tmp_path / "page.html").read_text()


PARTS = {"lpips": 0.2, "dists": 0.1, "clipiqa": 0.6, "maniqa": 0.5, "musiq": 70.0, "niqe": 4.0}


def test_the_composite_of_ntire_is_its_formula() -> None:
    composite = COMPOSITES["ntire-sr"]
    scores = {name: Score(value) for name, value in PARTS.items()}
    assert composite.formula == (
        "(1 - LPIPS) + (1 - DISTS) + CLIP-IQA + MANIQA + MUSIQ / 100 + max(0, (10 - NIQE) / 10)"
    )
    assert composite.of(scores).value == pytest.approx(0.8 + 0.9 + 0.6 + 0.5 + 0.7 + 0.6)
    assert composite.of({**scores, "niqe": Score(25.0)}).value == pytest.approx(0.8 + 0.9 + 0.6 + 0.5 + 0.7)
    better = {"lpips": -0.1, "dists": -0.1, "clipiqa": 0.1, "maniqa": 0.1, "musiq": 1.0, "niqe": -0.1}
    for name, step in better.items():
        assert composite.of({**scores, name: Score(PARTS[name] + step)}).value > composite.of(scores).value, name
    assert find_card("ntire-sr").higher_is_better
    missing = composite.of({**scores, "maniqa": Score(None, "the file is cut"), "niqe": Score(None, "too small", True)})
    assert (missing.value, missing.error, missing.retry) == (
        None, "no maniqa: the file is cut; no niqe: too small", True
    )  # fmt: skip


def test_a_composite_stands_behind_its_parts_and_an_image_that_lacks_one_has_none(
    ranking: Ranking, gathered: Gathered, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its parts are tables of scores here, since their weights aren't; NIQE has no score for one image."""
    for number, (name, value) in enumerate(PARTS.items()):
        rows = [
            f"{algorithm}/{content}.png,{value + 0.01 * number * place}"
            for place, algorithm in enumerate(gathered.images)
            for content in CONTENTS
            if (name, algorithm, content) != ("niqe", "soft", "coffee")
        ]
        (tmp_path / f"{name}.csv").write_text("\n".join(["path,score", *rows]))
    tables = {name: find_card(f"csv:{tmp_path / name}.csv").model_copy(update={"name": name}) for name in PARTS}
    for module in ("registry", "composites"):
        monkeypatch.setattr(
            f"fgresq.metrics.{module}.find_card", lambda name: tables.get(name) or find_card(name), raising=True
        )
    cards = identify_all(["musiq", "ntire-sr"])
    assert [card.name for card in cards] == ["musiq", "lpips", "dists", "clipiqa", "maniqa", "niqe", "ntire-sr"]
    found = {each.metric: each for each in measured(ranking, gathered.images, {}, cards, Cut())}
    composite, by_part = COMPOSITES["ntire-sr"], {name: found[name].scores for name in PARTS}
    for algorithm, content in (("near", "coffee"), ("soft", "chelsea")):
        parts = {name: Score(by_part[name][algorithm][content]) for name in PARTS}
        assert found["ntire-sr"].scores[algorithm][content] == composite.of(parts).value
    assert "coffee" not in found["ntire-sr"].scores["soft"]
    (failure,) = found["ntire-sr"].failures
    assert failure.path.endswith("soft/coffee.png")
    assert failure.error == "no niqe: niqe.csv has no row for it"
    alone = open_metric(identify("ntire-sr"), MetricSettings())
    path, reference = gathered.images["near"]["coffee"], folder / "references" / "coffee.png"
    assert alone.score([(path, reference)])[0].value == found["ntire-sr"].scores["near"]["coffee"]


def test_what_a_composite_lacks_is_said_by_its_parts() -> None:
    with pytest.raises(UserError, match=r"its part lpips: .*fgresq metrics install pyiqa.*its part maniqa: "):
        identify_all(["ntire-sr"])
