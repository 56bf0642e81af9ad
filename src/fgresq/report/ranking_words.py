"""What a ranking needs said of it, in the same words on a terminal, on a page and in a file; places in few words."""

from collections.abc import Iterable, Sequence

from fgresq.criteria.paired import FEWEST_CONTENTS
from fgresq.names import first_few
from fgresq.report.wording import visible_name
from fgresq.results import AlgorithmStanding, Ranking


def caveats(ranking: Ranking) -> tuple[str, ...]:
    """What limits the figures, one sentence each: contents, groups, scores, files, what the gathering had to say."""
    return (
        *_of_contents(ranking),
        *_of_groups(ranking),
        *_of_scores(ranking),
        *_of_files(ranking),
        *_of_metrics(ranking),
        *map(visible_name, ranking.warnings),
    )


def places(standing: AlgorithmStanding, ranking: Ranking) -> str:
    """Places of those that a standing isn't separated from: "2-5, 7", "all" for all of its group, "-" for none."""
    by_name = {row.algorithm: row for row in ranking.leaderboard}
    group = [row for row in ranking.leaderboard if row.group == standing.group]
    if standing.place is None or not standing.not_separated_from:
        return "-"
    if len(standing.not_separated_from) == len(group) - 1:
        return "all"
    found = {place for name in standing.not_separated_from if (place := by_name[name].place) is not None}
    return first_few(list(_ranges(sorted(found))), shown=4)


def probability(p: float | None) -> str:
    """p with three decimals."""
    return "-" if p is None else "< 0.001" if p < 0.001 else f"{p:.3f}"


def count(number: int, one: str, many: str) -> str:
    """A number with its noun."""
    return f"{number} {one if number == 1 else many}"


def _ranges(numbers: Sequence[int]) -> Iterable[str]:
    start = 0
    for end in range(len(numbers)):
        if end + 1 == len(numbers) or numbers[end + 1] != numbers[end] + 1:
            first, last = numbers[start], numbers[end]
            yield str(first) if first == last else f"{first}-{last}"
            start = end + 1


def _of_contents(ranking: Ranking) -> Iterable[str]:
    compared = ranking.compared_contents
    if compared == 0:
        yield "nothing was compared: no content has readable images of two algorithms"
    elif compared == 1:
        yield "one content gives no interval: nothing here is known to be separated"
    elif compared < FEWEST_CONTENTS:
        yield (
            f"{compared} contents: nothing is called better under {FEWEST_CONTENTS}, "
            "and intervals from so few can be too short"
        )
    else:
        few = sum(0 < pair.contents < FEWEST_CONTENTS for pair in ranking.pairs)
        if few:
            yield (
                f"{few} of {count(len(ranking.pairs), 'pair', 'pairs')} of algorithms share fewer than "
                f"{FEWEST_CONTENTS} contents: neither of two is called better there"
            )
    alone = len(ranking.contents) - compared
    if alone and compared:
        yield (
            f"{alone} of {count(len(ranking.contents), 'content', 'contents')} "
            f"{'has' if alone == 1 else 'have'} an image of one algorithm at most and "
            f"{'counts' if alone == 1 else 'count'} for nothing; {compared} compared"
        )


def _of_groups(ranking: Ranking) -> Iterable[str]:
    if len(ranking.groups) > 1:
        yield (
            f"{len(ranking.groups)} groups of algorithms share no content: each is ranked by itself, "
            "and strengths of two groups can't be compared"
        )
    lone = [visible_name(row.algorithm) for row in ranking.leaderboard if row.place is None]
    if lone and ranking.groups:
        them = "it" if len(lone) == 1 else "them"
        yield f"without a place, since nothing was compared with {them}: {first_few(lone)}"


def _of_scores(ranking: Ranking) -> Iterable[str]:
    for group in ranking.groups:
        if group.common < group.contents:
            of = f" of group {ranking.groups.index(group) + 1}" if len(ranking.groups) > 1 else ""
            what = (
                f"mean scores are over {group.common} of {count(group.contents, 'content', 'contents')}"
                if group.common
                else "there are no mean scores"
            )
            found = "those" if group.common else "no content"
            yield f"{what}: {found} that all {len(group.algorithms)} algorithms{of} have in common"


def _of_files(ranking: Ranking) -> Iterable[str]:
    if ranking.failures:
        yield f"{count(len(ranking.failures), 'image', 'images')} failed"
    if ranking.missing:
        yield f"{count(len(ranking.missing), 'file is', 'files are')} missing: those of a content that others have"


def _of_metrics(ranking: Ranking) -> Iterable[str]:
    for each in ranking.beside:
        if each.failures:
            first = each.failures[0]
            yield (
                f"{each.metric}: {count(len(each.failures), 'image has', 'images have')} no value; the first is "
                f"{visible_name(first.path)}: {first.error}"
            )
