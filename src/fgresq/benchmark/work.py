"""What a process is asked to do: open a judge, and let it judge some files."""

from fgresq.benchmark.judges import PairJudge, PairVerdict, Request, Subject, Verdict, open_judge

ScoreJob = tuple[Request, tuple[Subject, ...]]
PairJob = tuple[Request, tuple[tuple[str, str], ...]]


def score_files(job: ScoreJob) -> list[Verdict]:
    """The verdicts on some files, in their order; the judge stays open for the next job of this process."""
    request, subjects = job
    return open_judge(request).scores(subjects)


def compare_files(job: PairJob) -> list[PairVerdict]:
    """The verdicts on some pairs of files, in their order."""
    request, pairs = job
    judge = open_judge(request)
    if not isinstance(judge, PairJudge):
        raise TypeError(f"{request.name} doesn't compare")
    return judge.compare(pairs)
