"""Do intervals of strengths hold what they promise? `python benchmarks/standings_coverage.py [DATA SETS]`

Data sets of known truth are drawn again and again. The first table shows how often the 95 % intervals of the strengths
and of their differences hold the truth; beside it what `fgresq rank` did before: percentiles of the ordinary bootstrap
of the most probable answers, whose truth is that of these answers, and how many of its intervals had no width. The
second shows how often anybody of equal algorithms is called better than anybody, which should be at most 5 % of the
data sets, and how often the better of two is found.

Contents differ: on each one, every algorithm's quality moves by a normal draw. "probabilities" are what a sure model
answers on that content, "answers" only its most probable answer, "votes" those of five people. The truth is the fit to
as many contents as make its own error small (20,000).
"""

import sys
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from fgresq.criteria.paired import paired_p, point_differences
from fgresq.criteria.scaling import fit_davidson, preference_probabilities
from fgresq.criteria.standings import IntervalSettings, standings
from fgresq.criteria.uncertainty import bootstrap_counts, percentile_interval

QUALITIES = {"spread": (1.5, 0.5, 0.0, -2.0), "clear": (6.0, 2.0, -2.0, -6.0), "equal": (0.0, 0.0, 0.0, 0.0)}
CONTENTS = (3, 6, 12, 24)
RESAMPLES = 200
LOG_TIE = -1.0
Tables = tuple[NDArray[np.float64], NDArray[np.float64]]
Observe = Callable[[Tables, np.random.Generator], Tables]


def main(sets: int) -> None:
    """Print both tables."""
    started = time.perf_counter()
    print("| algorithms, outcomes | contents | strengths | differences | before | width 0 before |")
    print("|---|---|---|---|---|---|")
    for kind, qualities in QUALITIES.items():
        for name, observe in OBSERVATIONS.items():
            if name == "answers" and kind != "clear":
                continue  # between the other two
            for contents in CONTENTS:
                print_coverage(f"{kind}, {name}", np.array(qualities), observe, contents, sets)
    print("\n| outcomes | contents | 4 equal | 10 equal | better of two, by 0.5 | by 1 | by 2 |")
    print("|---|---|---|---|---|---|---|")
    for name, observe in OBSERVATIONS.items():
        for contents in (6, 12, 24):
            print_called(name, observe, contents, 15 * sets)
    print(f"\n{sets} and {15 * sets} data sets a row, {RESAMPLES} resamples, {time.perf_counter() - started:.0f} s")


def print_coverage(label: str, qualities: NDArray[np.float64], observe: Observe, contents: int, sets: int) -> None:
    """Draw the data sets and count what the intervals hold."""
    generator = np.random.default_rng(0)
    many = observe(contents_of(qualities, 20_000, generator), generator)
    truth, truth_of_answers = fit(many), fit(answers(many, generator))
    held, differences, before, flat = np.zeros((4, sets))
    for number in range(sets):
        tables = observe(contents_of(qualities, contents, generator), generator)
        found = standings(*tables, IntervalSettings(resamples=RESAMPLES, seed=number))
        held[number] = np.mean((found.low <= truth) & (truth <= found.high))
        true = truth[:, None] - truth
        inside = (found.difference_low <= true) & (true <= found.difference_high)
        differences[number] = inside[np.triu_indices(len(truth), 1)].mean()
        low, high = earlier(tables, number)
        before[number] = np.mean((low <= truth_of_answers) & (truth_of_answers <= high))
        flat[number] = np.mean(high - low < 1e-9)
    shares = " | ".join(f"{100 * x.mean():.0f} %" for x in (held, differences, before, flat))
    print(f"| {label} | {contents} | {shares} |", flush=True)


def print_called(label: str, observe: Observe, contents: int, sets: int) -> None:
    """Draw the data sets and count where anybody is called better; for two, where the better one is."""
    generator = np.random.default_rng(1)
    shares = []
    for qualities in (np.zeros(4), np.zeros(10), *(np.array([step, 0.0]) for step in (0.5, 1.0, 2.0))):
        tables = observe(contents_of(qualities, sets * contents, generator), generator)
        differences, compared = point_differences(*tables)
        first, second = np.triu_indices(len(qualities), 1)
        rows = (sets, contents, len(first))
        x, there = (
            np.swapaxes(table[:, first, second].reshape(rows), 1, 2).reshape(-1, contents)
            for table in (differences, compared)
        )
        least = paired_p(x, there).reshape(sets, len(first)).min(axis=1)
        right = (len(qualities) > 2) | (x.reshape(sets, -1).sum(axis=1) > 0)
        called = right & (len(first) * least < 0.05)  # the first of Holm's steps decides whether anybody is
        shares.append(f"{100 * called.mean():.0f} %")
    print(f"| {label} | {contents} | {' | '.join(shares)} |", flush=True)


def contents_of(qualities: NDArray[np.float64], contents: int, generator: np.random.Generator) -> Tables:
    """P(win) and P(tie) of every pair on every content."""
    moved = qualities + generator.normal(0, 1.0, (contents, len(qualities)))
    wins, ties = preference_probabilities(moved, LOG_TIE)
    others = 1.0 - np.eye(len(qualities))
    return wins * others, ties * others


def answers(tables: Tables, _: np.random.Generator) -> Tables:
    """Only the most probable answer."""
    wins, ties = tables
    first = wins > np.maximum(np.swapaxes(wins, 1, 2), ties)
    none = ~first & ~np.swapaxes(first, 1, 2) & ~np.eye(wins.shape[1], dtype=bool)
    return first.astype(float), none.astype(float)


def votes(tables: Tables, generator: np.random.Generator, people: int = 5) -> Tables:
    """Shares of the votes of some people."""
    wins, ties = tables
    i, j = np.triu_indices(wins.shape[1], 1)
    chances = np.stack([wins[:, i, j], wins[:, j, i], ties[:, i, j]], axis=-1)
    said = generator.multinomial(people, chances / chances.sum(axis=-1, keepdims=True)) / people
    shares, equal = np.zeros_like(wins), np.zeros_like(ties)
    shares[:, i, j], shares[:, j, i] = said[..., 0], said[..., 1]
    equal[:, i, j] = equal[:, j, i] = said[..., 2]
    return shares, equal


OBSERVATIONS: dict[str, Observe] = {"probabilities": lambda tables, _: tables, "answers": answers, "votes": votes}


def fit(tables: Tables) -> NDArray[np.float64]:
    """Strengths of very many contents."""
    return fit_davidson(tables[0].sum(axis=0), tables[1].sum(axis=0), prior_sd=100.0).strengths


def earlier(tables: Tables, seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Ends of the percentile intervals of the ordinary bootstrap of the most probable answers."""
    wins, ties = answers(tables, np.random.default_rng(seed))
    counts = bootstrap_counts(len(wins), RESAMPLES, seed).astype(np.float64)
    resampled = fit_davidson(np.tensordot(counts, wins, axes=1), np.tensordot(counts, ties, axes=1))
    return percentile_interval(resampled.strengths)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 30)
