"""One folder an algorithm: what has to come off the names of each so that they name contents that others have too.

An algorithm's names may carry its own name, a scale, words that tools write, or anything that all of them share in
front or at the end. Nothing else is ever taken off, nothing is cut inside a word, and numbers are text: 1 isn't 0001.
Of all ways, the one that gives the most comparisons is taken, and of these the one that takes off least.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from fgresq.errors import LayoutError
from fgresq.images.matching.tokens import Token, key_of, tokens, words_of
from fgresq.names import first_few

_PREFIX_COST, _SUFFIX_COST, _INSIDE_COST = 100.0, 10.0, 5.0


@dataclass(frozen=True, slots=True)
class Named:
    """A file of an algorithm.

    Attributes:
        path: as it was given, for messages.
        below: folders between the algorithm's and the file that tell contents apart, joined by slashes; mostly "".
        stem: its name without suffix.
    """

    path: str
    below: str
    stem: str


@dataclass(frozen=True, slots=True)
class Stripping:
    """One way to read an algorithm's names.

    Attributes:
        contents: of each file, with the folders below the algorithm's.
        cost: how much is taken off, and how little there is to explain it.
        taken: what is taken off, for people.
        unexplained_prefix: what is taken off in front that nothing explains but that all names share it.
        keys: of the contents; equal where the names are the same but for case.
    """

    contents: tuple[str, ...]
    cost: float
    taken: str = ""
    unexplained_prefix: str = ""
    keys: tuple[str, ...] = field(default=(), compare=False)

    @property
    def collides(self) -> bool:
        """Whether two files get one content."""
        return len(set(self.keys)) < len(self.keys)


def read_names(files: Mapping[str, Sequence[Named]], words: Mapping[str, Sequence[str]]) -> dict[str, Stripping]:
    """How to read the names of each algorithm.

    Args:
        files: of each algorithm.
        words: names of each algorithm's folders, which its files may carry.

    Raises:
        LayoutError: two files of an algorithm have one name, or get one once something is taken off; or only prefixes
            that nothing explains differ, so that nobody can say whether the contents are the same.
    """
    for algorithm, members in files.items():
        _refuse_twins(algorithm, members, [_full(member, member.stem) for member in members], "")
    # Names that differ only in case are one content, unless a folder says otherwise.
    keyed: Callable[[str], str] = key_of
    if any(len({key_of(_full(m, m.stem)) for m in members}) < len(members) for members in files.values()):
        keyed = str
    ways = {name: list(strippings(members, words[name], keyed)) for name, members in files.items()}
    chosen = _choose({name: [way for way in found if not way.collides] for name, found in ways.items()})
    _refuse_collisions(files, ways, chosen)
    prefixes = {name: way.unexplained_prefix for name, way in chosen.items() if way.unexplained_prefix}
    if len(set(map(key_of, prefixes.values()))) > 1:
        said = first_few([f"{name}: {prefix!r}" for name, prefix in prefixes.items()], shown=3)
        raise LayoutError(
            f"names would be the same without what they begin with ({said}), but nothing says that these are names of "
            "algorithms and not of contents; say how to read them with --match, or rename them"
        )
    return chosen


def strippings(
    members: Sequence[Named], words: Sequence[str], keyed: Callable[[str], str] = key_of
) -> Iterator[Stripping]:
    """Every way to read an algorithm's names, the plain one first; no two of them give the same contents."""
    seen: set[tuple[str, ...]] = set()
    own = words_of(words)
    parts = [tokens(member.stem) for member in members]
    for way in sorted(_ways(members, parts, own), key=lambda way: way.cost):
        if way.contents not in seen:
            seen.add(way.contents)
            yield Stripping(way.contents, way.cost, way.taken, way.unexplained_prefix, tuple(map(keyed, way.contents)))


def shared_keys(chosen: Mapping[str, Stripping]) -> frozenset[str]:
    """Contents that two algorithms or more have."""
    counted = Counter(key for way in chosen.values() for key in set(way.keys))
    return frozenset(key for key, number in counted.items() if number > 1)


def _ways(members: Sequence[Named], parts: Sequence[Sequence[Token]], own: frozenset[str]) -> Iterator[Stripping]:
    yield Stripping(tuple(_full(member, member.stem) for member in members), 0.0)
    if all(parts):
        ends = [([0] * len(parts), 0), *_droppable([list(reversed(names)) for names in parts], own, at_end=True)]
        starts = [([0] * len(parts), 0), *_droppable([list(names) for names in parts], own, at_end=False)]
        for front, odd_front in starts:
            for back, odd_back in ends:
                way = _cut(members, parts, front, back, odd_front, odd_back)
                if way is not None:
                    yield way
        yield from _without_inner_name(members, parts, own)


def _droppable(
    parts: Sequence[Sequence[Token]], own: frozenset[str], *, at_end: bool
) -> Iterator[tuple[list[int], int]]:
    """How many tokens may come off the beginning of each list, and how many of them nothing explains."""

    def is_named(token: Token) -> bool:
        return token.key in own and not token.is_number

    kinds: list[Callable[[Token], bool]] = [is_named]
    # Words of tools may be a content's too (img, rain): all of a folder's names have them, or none loses them.
    words: list[Callable[[Token], bool]] = [
        lambda token: is_named(token) or token.is_generic,
        lambda token: token.is_generic,
    ]
    if at_end:
        kinds += [lambda token: token.is_scale, lambda token: token.is_scale or is_named(token)]
        words += [
            lambda token: token.is_scale or token.is_generic,
            lambda token: token.is_scale or is_named(token) or token.is_generic,
        ]
    for kind in (*kinds, *words):
        counts = [_leading(names, kind) for names in parts]
        tools = {
            frozenset(token.key for token in names[:count] if token.is_generic)
            for names, count in zip(parts, counts, strict=True)
        }
        if kind in kinds or len(tools) == 1:
            yield counts, 0
    if len(parts) < 2:
        return
    odd = 0
    for number, column in enumerate(zip(*parts, strict=False), start=1):
        first = column[0]
        if any(token.key != first.key for token in column) or any(len(names) <= number for names in parts):
            return
        odd += not (first.key in own or first.is_scale or first.is_generic)
        yield [number] * len(parts), odd


def _leading(names: Sequence[Token], kind: Callable[[Token], bool]) -> int:
    """How many tokens of a kind stand at the beginning; one token is always left."""
    number = next((i for i, token in enumerate(names) if not kind(token)), len(names))
    return min(number, len(names) - 1)


def _cut(
    members: Sequence[Named],
    parts: Sequence[Sequence[Token]],
    front: Sequence[int],
    back: Sequence[int],
    odd_front: int,
    odd_back: int,
) -> Stripping | None:
    if any(a + b >= len(names) for a, b, names in zip(front, back, parts, strict=True)):
        return None
    contents, before, behind = [], Counter[str](), Counter[str]()
    for member, names, a, b in zip(members, parts, front, back, strict=True):
        start = names[a].start if a else 0
        end = names[len(names) - 1 - b].end if b else len(member.stem)
        contents.append(_full(member, member.stem[start:end]))
        before[member.stem[:start]] += 1
        behind[member.stem[end:]] += 1
    taken = [f"{text}…" for text, _ in before.most_common(3) if text] + [
        f"…{text}" for text, _ in behind.most_common(3) if text
    ]
    dropped = (sum(front) + sum(back)) / len(parts)
    cost = dropped + _PREFIX_COST * odd_front + _SUFFIX_COST * odd_back
    prefix = before.most_common(1)[0][0] if odd_front else ""
    return Stripping(tuple(contents), cost, ", ".join(taken), prefix)


def _without_inner_name(
    members: Sequence[Named], parts: Sequence[Sequence[Token]], own: frozenset[str]
) -> Iterator[Stripping]:
    """Names with the algorithm's taken out of their middle: 00002_ArNet_hi."""
    contents, taken = [], Counter[str]()
    for member, names in zip(members, parts, strict=True):
        inner = [i for i in range(1, len(names) - 1) if names[i].key in own and not names[i].is_number]
        if not inner or inner != list(range(inner[0], inner[-1] + 1)):
            return
        start, end = names[inner[0] - 1].end, names[inner[-1]].end
        contents.append(_full(member, member.stem[:start] + member.stem[end:]))
        taken[member.stem[start:end]] += 1
    shown = ", ".join(f"…{text}…" for text, _ in taken.most_common(3))
    yield Stripping(tuple(contents), _INSIDE_COST, shown)


def _choose(ways: Mapping[str, Sequence[Stripping]]) -> dict[str, Stripping]:
    plain = {name: found[0] for name, found in ways.items()}
    if len({frozenset(way.keys) for way in plain.values()}) == 1:
        return plain
    sets = {name: [(frozenset(way.keys), way) for way in found] for name, found in ways.items()}
    aims = dict.fromkeys(keys for found in sets.values() for keys, _ in found)
    best, best_score = plain, _score(plain)
    for aim in aims:
        tried = {}
        for name, found in sets.items():
            overlap, _, way = max(
                ((len(keys & aim), -way.cost, way) for keys, way in found), key=lambda entry: entry[:2]
            )
            tried[name] = way if overlap else plain[name]
        score = _score(tried)
        if score > best_score:
            best, best_score = tried, score
    return best


def _score(chosen: Mapping[str, Stripping]) -> tuple[int, float]:
    """How many comparisons there are, and how little was taken off for that."""
    counted = Counter(key for way in chosen.values() for key in set(way.keys))
    return sum(number * (number - 1) // 2 for number in counted.values()), -sum(way.cost for way in chosen.values())


def _refuse_collisions(
    files: Mapping[str, Sequence[Named]], ways: Mapping[str, Sequence[Stripping]], chosen: Mapping[str, Stripping]
) -> None:
    """Refuse what would match more, were it not for two files that get one name."""
    for name, found in ways.items():
        others = {key for other, way in chosen.items() if other != name for key in way.keys}
        for other in chosen:  # those that nothing was found for may read as something that this one would give
            if other != name and others.isdisjoint(chosen[other].keys):
                others |= set(chosen[other].keys)
        now = len(others & set(chosen[name].keys))
        for way in found:
            if way.collides and len(others & set(way.keys)) > now:
                _refuse_twins(name, files[name], way.keys, way.taken)


def _refuse_twins(algorithm: str, members: Sequence[Named], contents: Sequence[str], taken: str) -> None:
    seen: dict[str, str] = {}
    for member, content in zip(members, contents, strict=True):
        if content in seen:
            without = f" of {algorithm} without {taken}" if taken else ""
            ways_out = ", or say how to read the names with --match" if taken else ""
            raise LayoutError(
                f"{member.path} and {seen[content]}: two files for one content{without}; keep one of them{ways_out}"
            )
        seen[content] = member.path


def _full(member: Named, content: str) -> str:
    return f"{member.below}/{content}" if member.below else content
