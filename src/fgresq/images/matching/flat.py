"""One flat folder: whether its names are CONTENT_ALGORITHM of several contents, or all show one content."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from fgresq.errors import LayoutError
from fgresq.images.matching.tokens import is_enumerated, names_a_method, tokens
from fgresq.names import first_few

# Tried in this order; a name such as Real-ESRGAN or v1.5 is cut only if nothing else tells contents apart.
_SEPARATORS = ("__", "_", " ", "-", "@", ".")
_FEWEST_SHARE = 0.5

PLAIN = "(plain)"
"""The algorithm of files that are named by their content alone, beside others that name an algorithm too."""

Cut = tuple[str, str]


def cut_flat_names(stems: Sequence[str]) -> tuple[list[Cut], str] | None:
    """Content and algorithm of every file of a flat folder, and how they were told apart; None for one content.

    The content comes first, unless the words in front are methods' names and those behind aren't. Of several ways to
    cut, the one with the finest contents is taken, so that nothing is compared which another way would keep apart.

    Raises:
        LayoutError: names that are only numbered, or that can be read in either order.
    """
    beside = _beside_plain_names(stems)
    if beside is not None:
        return beside, f"CONTENT and CONTENT_ALGORITHM; files with a content's name alone are called {PLAIN}"
    for separator in _SEPARATORS:
        for cut in (_finest, _coarser):
            pairs = cut(stems, separator)
            if pairs is not None:
                return _in_order(pairs, separator)
    by_scale = _by_attached_scale(stems)
    if by_scale is not None:
        return by_scale, "CONTENT and a scale"
    _refuse_half_a_grid(stems)
    if len(stems) > 1 and is_enumerated(stems):
        raise LayoutError(
            f"the names are only numbered ({first_few(stems, shown=3)}), as those of different pictures are; put one "
            "folder an algorithm, or, if they show one content, say so with --match '(?P<algorithm>.+)'"
        )
    return None


def _beside_plain_names(stems: Sequence[str]) -> list[Cut] | None:
    """baby.png beside baby_SwinIR.png, if every other name begins with such a one."""
    found = {stem: tokens(stem) for stem in stems}
    by_words = {tuple(token.key for token in names): stem for stem, names in found.items()}
    begun = {}  # the shortest other name that each begins with
    for words, stem in by_words.items():
        starts = (by_words[words[:i]] for i in range(1, len(words)) if words[:i] in by_words)
        begun[stem] = next(starts, None)
    plain = set(begun.values()) - {None}
    if len(plain) < 2 or any(names_a_method(name) for name in plain if name is not None):
        return None
    pairs: list[Cut] = []
    for stem in stems:
        content = begun.get(stem)
        if content is None and stem not in plain:
            return None
        pairs.append((stem, PLAIN) if content is None else (content, stem[found[stem][len(found[content])].start :]))
    algorithms = _grouped(pairs, 1, 0)
    return pairs if all(len(contents) > 1 for contents in algorithms.values()) else None


def _by_attached_scale(stems: Sequence[str]) -> list[Cut] | None:
    """0901x2.png beside 0901x4.png."""
    found = [tokens(stem) for stem in stems]
    if not all(
        len(names) > 1 and names[-1].is_scale and names[-1].end == len(s) for names, s in zip(found, stems, strict=True)
    ):
        return None
    pairs = [(stem[: names[-2].end], names[-1].text) for stem, names in zip(stems, found, strict=True)]
    return pairs if _is_grid(pairs) else None


def _refuse_half_a_grid(stems: Sequence[str]) -> None:
    """Ask where names look like several contents, of which too few have two algorithms: baby_A, baby_B, bird_A.

    Raises:
        LayoutError: so.
    """
    for separator in _SEPARATORS:
        pairs = [_cut_last(stem.split(separator), separator, only_scales=False) for stem in stems]
        whole = [pair for pair in pairs if pair[0]]
        contents, algorithms = _grouped(whole, 0, 1), _grouped(whole, 1, 0)
        if any(len(found) > 1 for found in contents.values()) and any(len(found) > 1 for found in algorithms.values()):
            raise LayoutError(
                f"names such as {first_few(sorted(separator.join(pair) for pair in whole), shown=3)} may be several "
                "contents or one; say which with --match "
                f"'(?P<content>.+){separator}(?P<algorithm>[^{separator}]+)' or --match '(?P<algorithm>.+)'"
            )


def _finest(stems: Sequence[str], separator: str) -> list[Cut] | None:
    """The last word is the algorithm, with a scale before or behind it that isn't the content's."""
    scaled = [[_is_scale(part) for part in stem.split(separator)] for stem in stems]
    only_scales = all(not any(not scale for scale in flags[1:]) for flags in scaled)
    pairs = [_cut_last(stem.split(separator), separator, only_scales) for stem in stems]
    return _rescued(pairs, separator) if _is_grid(pairs) else None


def _cut_last(parts: Sequence[str], separator: str, only_scales: bool) -> Cut:
    """Content and algorithm; without a content where there is nothing to cut."""
    end = len(parts)
    start = end - 1
    while start > 0 and not only_scales and _is_scale(parts[start]):
        start -= 1
    if start <= 0 or not all(parts):
        return "", separator.join(parts)
    return separator.join(parts[:start]), separator.join(parts[start:])


def _coarser(stems: Sequence[str], separator: str) -> list[Cut] | None:
    """Contents of so many words that all have the same algorithms, the most words first."""
    split = [stem.split(separator) for stem in stems]
    if not all(all(parts) for parts in split):
        return None
    for number in range(min(map(len, split)) - 1, 0, -1):
        pairs = [(separator.join(parts[:number]), separator.join(parts[number:])) for parts in split]
        sets = _grouped(pairs, 0, 1)
        starts_with_number = any(_begins_with_number(algorithm) for _, algorithm in pairs)
        complete = len({frozenset(found) for found in sets.values()}) == 1
        if complete and not starts_with_number and len(sets) > 1 and len(next(iter(sets.values()))) > 1:
            return pairs
    return None


def _is_grid(pairs: Sequence[Cut]) -> bool:
    """Whether most files are of a content with two algorithms, and these algorithms of two contents."""
    contents, algorithms = _grouped(pairs, 0, 1), _grouped(pairs, 1, 0)
    inside = [
        (content, algorithm)
        for content, algorithm in pairs
        if content and len(contents[content]) > 1 and len(algorithms[algorithm] - {""}) > 1
    ]
    two_of_each = all(len({pair[side] for pair in inside}) > 1 for side in (0, 1))
    return two_of_each and len(inside) >= _FEWEST_SHARE * len(pairs)


def _rescued(pairs: Sequence[Cut], separator: str) -> list[Cut]:
    """Names such as Animal1_result_c_DCSCN_x2 beside Animal1_NN_x2: of a content that is known, by one algorithm more.

    The rest of such a name has to occur with two contents, and to begin with a word; a number would be a content's.
    """
    contents = _grouped(pairs, 0, 1)
    known = {content for content, found in contents.items() if content and len(found) > 1}
    offers: dict[int, Cut] = {}
    for number, (content, algorithm) in enumerate(pairs):
        if content in known:
            continue
        parts = [part for part in (content, algorithm) if part]
        whole = separator.join(parts)
        starts = [name for name in known if whole.startswith(name + separator)]
        if starts:
            longest = max(starts, key=len)
            rest = whole[len(longest) + len(separator) :]
            if tokens(rest) and not _begins_with_number(rest):
                offers[number] = (longest, rest)
    by_rest = _grouped(list(offers.values()), 1, 0)
    accepted = {number: pair for number, pair in offers.items() if len(by_rest[pair[1]]) > 1}
    return [accepted.get(number, pair) for number, pair in enumerate(pairs)]


def _in_order(pairs: Sequence[Cut], separator: str) -> tuple[list[Cut], str]:
    """Content first, or the other way round where names of methods say so."""
    firsts, lasts = ({pair[side] for pair in pairs if pair[0]} for side in (0, 1))
    # A content may be called hat; that most of them are called by methods is no chance.
    methods_first = sum(map(names_a_method, firsts)) >= len(firsts) / 2
    methods_last = any(map(names_a_method, lasts))
    if methods_first and not methods_last:
        turned = [(algorithm, content) if content else (content, algorithm) for content, algorithm in pairs]
        return turned, f"ALGORITHM{separator}CONTENT"
    if not methods_last and all(_is_number(name) for name in lasts):
        raise LayoutError(
            f"names such as {first_few(sorted(separator.join(pair) for pair in pairs if pair[0]), shown=3)} can be "
            "read in two ways: say which part is the algorithm with --match "
            f"'(?P<algorithm>.+){separator}(?P<content>[^{separator}]+)', or the other way round"
        )
    return list(pairs), f"CONTENT{separator}ALGORITHM"


def _grouped(pairs: Sequence[Cut], by: int, of: int) -> Mapping[str, set[str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for pair in pairs:
        found[pair[by]].add(pair[of])
    return found


def _is_scale(part: str) -> bool:
    found = tokens(part)
    return bool(found) and all(token.is_scale for token in found)


def _begins_with_number(name: str) -> bool:
    first = next(iter(tokens(name)), None)
    return first is not None and first.is_number


def _is_number(name: str) -> bool:
    found = tokens(name)
    return bool(found) and all(token.is_number for token in found)
