"""Algorithms that belong together: the spread of an algorithm's runs, and the curve of a training's checkpoints."""

from collections.abc import Sequence
from statistics import mean, stdev

from fgresq.images.matching import checkpoints_among, runs_among
from fgresq.results import AlgorithmPair, AlgorithmStanding, CurvePoint, RunSpread, TrainingCurve


def run_spreads(leaderboard: Sequence[AlgorithmStanding]) -> tuple[RunSpread, ...]:
    """Mean and spread over the runs of each algorithm that has two or more in one group."""
    rows = {row.algorithm: row for row in leaderboard}
    found = []
    for family in runs_among(list(rows)):
        members = [rows[name] for _, name in family.members if rows[name].place is not None]
        strengths = [row.strength for row in members if row.strength is not None]
        if len(strengths) < 2 or len({row.group for row in members}) > 1:
            continue
        scores = [row.mean_score for row in members if row.mean_score is not None]
        whole = len(scores) == len(members)
        found.append(
            RunSpread(
                algorithm=family.name or "runs",
                runs=tuple(row.algorithm for row in members),
                strength=mean(strengths),
                spread=stdev(strengths),
                least=min(strengths),
                most=max(strengths),
                mean_score=mean(scores) if whole else None,
                score_spread=stdev(scores) if whole else None,
            )
        )
    return tuple(sorted(found, key=lambda spread: -spread.strength))


def training_curves(
    leaderboard: Sequence[AlgorithmStanding], pairs: Sequence[AlgorithmPair]
) -> tuple[TrainingCurve, ...]:
    """Checkpoints of each training in order, with the best so far, and whether each is called better than that."""
    rows = {row.algorithm: row for row in leaderboard}
    between = {frozenset((pair.first, pair.second)): pair for pair in pairs}
    curves = []
    for family in checkpoints_among(list(rows)):
        best: tuple[int, AlgorithmStanding] | None = None
        points = []
        for step, name in family.members:
            row = rows[name]
            pair = between.get(frozenset((name, best[1].algorithm))) if best is not None else None
            better = None if pair is None or pair.p is None else pair.better == name
            known = best[1].strength if best is not None else None
            if row.strength is not None and (known is None or row.strength > known):
                best = step, row
            points.append(
                CurvePoint(
                    step=step,
                    algorithm=name,
                    strength=row.strength,
                    low=row.low,
                    high=row.high,
                    mean_score=row.mean_score,
                    best_so_far=best[0] if best is not None else None,
                    better=better,
                )
            )
        curves.append(TrainingCurve(family.name, tuple(points)))
    return tuple(curves)
