"""Two images and what every metric says of them, as a page and as a picture."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from fgresq.benchmark.pair_figure import check_truth, most_telling, pair_figures
from fgresq.errors import UserError
from fgresq.metrics.registry import identify
from fgresq.records import Preference
from fgresq.report.pair_figure import write_pair_figures
from fgresq.results import Comparison
from fgresq.results.pair_figure import PairFigure

NAME = "<b>$x_1$ & y</b>"


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path, Path]:
    """Of noise: a little of it, much of it, and none."""
    grey = np.full((48, 64, 3), 128, np.float64)
    noise = np.random.default_rng(0).normal(0, 1, grey.shape)
    paths = []
    for name, strength in (("a", 2), ("b", 20), ("reference", 0)):
        paths.append(tmp_path / f"{name}.png")
        cv2.imwrite(str(paths[-1]), np.clip(grey + strength * noise, 0, 255).astype(np.uint8))
    return paths[0], paths[1], paths[2]


def compared(a: Path, b: Path, preference: Preference, p: float = 0.9) -> Comparison:
    rest = (1 - p) / 2
    p_a, p_b = (p, rest) if preference is Preference.A else (rest, p)
    return Comparison(str(a), str(b), 0.6, 0.4, p_a, p_b, rest, preference, "symmetric")


def figure(
    pair: tuple[Path, Path, Path], truth: str | None, metrics: tuple[str, ...] = ("psnr", "piqe"), given: bool = True
) -> PairFigure:
    a, b, reference = pair
    references: Mapping[str, Path] = {NAME: reference} if given else {}
    comparisons = {NAME: compared(a, b, Preference.A)}
    cards = [identify(name) for name in metrics]
    (found,) = pair_figures({NAME: (a, b)}, ("one", "two"), references, comparisons, cards, truth)
    return found


def test_values_and_directions_are_those_of_the_metrics(pair: tuple[Path, Path, Path]) -> None:
    found = figure(pair, "psnr")
    psnr, piqe = found.metrics
    assert psnr.values[0] > psnr.values[1]
    assert (psnr.preference, psnr.higher_is_better, piqe.higher_is_better) == (Preference.A, True, False)
    assert piqe.preference is (Preference.A if piqe.values[0] < piqe.values[1] else Preference.B)
    assert (found.truth, found.truth_says) == (Preference.A, "PSNR")


@pytest.mark.parametrize(
    ("truth", "says", "known"),
    [("B", "people", Preference.B), ("equal", "people", Preference.EQUAL), ("fgresq", "FGResQ", Preference.A)],
)
def test_the_truth_is_what_was_said(pair: tuple[Path, Path, Path], truth: str, says: str, known: Preference) -> None:
    found = figure(pair, truth)
    assert (found.truth_says, found.truth) == (says, known)
    assert found.agrees(Preference.A) is (known is Preference.A)
    assert figure(pair, None).agrees(Preference.A) is None


def test_the_page_says_all_and_runs_nothing_of_others(pair: tuple[Path, Path, Path], tmp_path: Path) -> None:
    path = tmp_path / "figure.html"
    write_pair_figures(path, [figure(pair, "psnr"), figure(pair, None, given=False)])
    page = path.read_text(encoding="utf-8")
    first, second = page.split("<figure>")[1:]
    assert NAME not in page
    assert "&lt;b&gt;$x_1$ &amp; y&lt;/b&gt;" in first
    assert first.count("<img ") == 3
    assert second.count("<img ") == 2
    assert "FGResQ: A is better (P(A) 0.90, P(B) 0.05, P(equal) 0.05)" in first
    assert "agrees with PSNR: A is better" in first
    assert first.count('aria-label="right"') + first.count('aria-label="wrong"') == 3
    assert "it needs a reference, and none is given" in second
    assert "aria-label" not in second
    assert "<script" not in page


@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
def test_the_picture_is_drawn_whole_and_alike_twice(pair: tuple[Path, Path, Path], tmp_path: Path, kind: str) -> None:
    paths = [tmp_path / f"{number}.{kind}" for number in range(2)]
    for path in paths:
        write_pair_figures(path, [figure(pair, "psnr"), figure(pair, None, given=False)])
    one, other = (path.read_bytes() for path in paths)
    assert one == other
    assert one[:5] == {"png": b"\x89PNG\r", "svg": b"<?xml", "pdf": b"%PDF-"}[kind]


def test_the_most_telling_pairs_are_those_where_metrics_fail_and_fgresq_does_not(
    pair: tuple[Path, Path, Path],
) -> None:
    a, b, _ = pair
    base = figure(pair, "A")
    wrong = replace(base.metrics[0], preference=Preference.B)
    figures = {
        "all right": base,
        "one wrong": replace(base, metrics=(wrong, *base.metrics[1:])),
        "unsure": replace(base, metrics=(wrong, wrong), comparison=compared(a, b, Preference.A, 0.5)),
        "sure": replace(base, metrics=(wrong, wrong)),
        "fgresq wrong": replace(base, metrics=(wrong, wrong), comparison=compared(a, b, Preference.B)),
    }
    named = [replace(each, title=title, truth=Preference.A) for title, each in figures.items()]
    order = [each.title for each in most_telling(named, 5)]
    assert order[:3] == ["sure", "unsure", "one wrong"]
    assert order[-1] == "fgresq wrong"
    assert len(most_telling(named, 2)) == 2


def test_a_truth_that_is_none_is_refused() -> None:
    cards = [identify("psnr")]
    for good, pairs in (("psnr", 9), ("fgresq", 9), ("A", 1), ("equal", 1), (None, 3)):
        check_truth(good, cards, pairs)
    with pytest.raises(UserError, match=r"--truth psnrr: is neither A, B, equal, fgresq nor one of --metrics; .*psnr"):
        check_truth("psnrr", cards, 1)
    with pytest.raises(UserError, match="--truth B is what people say of one pair; for 3 pairs name a metric"):
        check_truth("B", cards, 3)
