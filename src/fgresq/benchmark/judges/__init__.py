"""Whatever judges image files: metrics that are written here, FGResQ with any weights, metrics of other programs."""

from fgresq.benchmark.judges.base import Declaration, Judge, PairJudge, PairVerdict, Subject, Verdict
from fgresq.benchmark.judges.find import Request, all_that_work, check, declare, open_judge

__all__ = [
    "Declaration",
    "Judge",
    "PairJudge",
    "PairVerdict",
    "Request",
    "Subject",
    "Verdict",
    "all_that_work",
    "check",
    "declare",
    "open_judge",
]
