"""What the levels of a tree of results stand for, and with that each file's data set, algorithm and content."""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import combinations
from pathlib import PurePosixPath

from fgresq.errors import LayoutError
from fgresq.images.matching.affixes import Named, Stripping, read_names, shared_keys, strippings
from fgresq.images.matching.families import is_bare_step, is_checkpoint, is_run
from fgresq.images.matching.flat import cut_flat_names
from fgresq.images.matching.tokens import key_of, names_a_method, tokens
from fgresq.names import first_few

_SETS = re.compile(
    r"(test|val|train|eval)?[-_ ]?(data)?sets?[-_ ]?\w*|(c?bsds?|b)[-_ ]?\d+\w*|urban[-_ ]?100|manga[-_ ]?109|"
    r"general[-_ ]?100|historical|(div2k|df2k|flickr2k|lsdir|kodak|mcm|mcmaster|sidd|dnd|gopro|go-pro|hide|realblur|"
    r"d?realsr|rain\d+|raindrop|spa|reside|sots|reds\d*|vid4|vimeo\w*|ffhq|celeba|lfw|wider|lol|lolv\d|fivek|imagenet|"
    r"cc|polyu|nc12|live1|classic5|tid\d+|kadid\w*|pipal|ntire)([-_ ]?\w+)?",
    re.IGNORECASE,
)
_NEAREST_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Place:
    """What a file shows, and by whom.

    Attributes:
        algorithm, content: their names; a content of a data set begins with its name.
        dataset: None without any.
    """

    algorithm: str
    content: str
    dataset: str | None = None


@dataclass(frozen=True, slots=True)
class Matching:
    """What a set of files was taken for.

    Attributes:
        places: of each file in order; None for one that is left out.
        notes: how their names were read, one sentence each.
        by_custom: whether the names would bear another reading, of which this is the usual one.
    """

    places: tuple[Place | None, ...]
    notes: tuple[str, ...] = ()
    by_custom: bool = False


def match_names(files: Sequence[str], *, folder: str = ".", given: bool = False) -> Matching:
    """Tell data sets, algorithms and contents by the files' names alone.

    Args:
        files: paths below the folder, with slashes and suffixes.
        folder: what one content is called whose images lie flat in it.
        given: whether the first level is known to be the algorithms.

    Raises:
        LayoutError: names can be read in several ways, or two files are one algorithm's of one content, or no content
            is shared by two algorithms; the message names files and says what to do.
    """
    paths = [PurePosixPath(file) for file in files]
    parts = [(*path.parts[:-1], path.stem) for path in paths]
    only = None
    if not given:
        while parts and len({names[0] for names in parts}) == 1 and all(len(names) > 1 for names in parts):
            only = folder = parts[0][0]
            parts = [names[1:] for names in parts]
    if all(len(names) == 1 for names in parts):
        return _flat(files, [names[0] for names in parts], folder, only)
    loose = next((file for file, names in zip(files, parts, strict=True) if len(names) == 1), None)
    if loose is not None:
        raise LayoutError(
            f"{folder}: has both images and folders of images; keep one folder an algorithm, or one flat folder "
            f"(loose image: {loose})"
        )
    if not given:
        for reading in (_sets_first_by_name, _flat_sets_by_name, _contents_as_folders):
            found = reading(files, parts)
            if found is not None:
                return found
    matching = _algorithms_first(files, parts)
    if isinstance(matching, Matching):
        return matching
    if not given:
        found = _sets_first(files, parts) or _flat_sets(files, parts)
        if found is not None:
            return found
    raise LayoutError(_nothing_shared(matching))


def _flat(files: Sequence[str], stems: Sequence[str], folder: str, only: str | None) -> Matching:
    cut = cut_flat_names(stems)
    if cut is None:
        if only is not None:  # one algorithm without others, rather than one content
            raise LayoutError(_too_few([only]))
        _refuse_twins(files, [(key_of(stem), "") for stem in stems])
        return Matching(
            tuple(Place(stem, folder) for stem in stems),
            (f"one content ({folder}), and each image's name is its algorithm",),
            by_custom=True,
        )
    pairs, form = cut
    return replace(_from_pairs(files, pairs, f"names are read as {form}"), by_custom=True)


def _flat_sets_by_name(files: Sequence[str], parts: Sequence[tuple[str, ...]]) -> Matching | None:
    """Flat folders of several contents, each called by a data set: Set5/baby_SwinIR.png."""
    folders = {names[0] for names in parts}
    return _flat_sets(files, parts) if all(map(_SETS.fullmatch, folders)) else None


def _flat_sets(files: Sequence[str], parts: Sequence[tuple[str, ...]]) -> Matching | None:
    """Folders as data sets where the names of each are cut in one way, with algorithms that two of them have."""
    if any(len(names) != 2 for names in parts):
        return None
    places: list[Place | None] = [None] * len(files)
    forms: set[str] = set()
    owners: defaultdict[str, set[str]] = defaultdict(set)
    for folder in dict.fromkeys(names[0] for names in parts):
        numbers = [i for i, names in enumerate(parts) if names[0] == folder]
        try:
            found = _flat([files[i] for i in numbers], [parts[i][1] for i in numbers], folder, folder)
        except LayoutError:
            return None
        forms.update(found.notes)
        for i, place in zip(numbers, found.places, strict=True):
            if place is not None:
                places[i] = Place(place.algorithm, f"{folder}/{place.content}", folder)
                owners[place.algorithm].add(folder)
    if len(forms) != 1 or not any(len(sets) > 1 for sets in owners.values()):
        return None
    return Matching(tuple(places), ("folders are data sets", *forms), by_custom=True)


def _from_pairs(files: Sequence[str], pairs: Sequence[tuple[str, str]], note: str) -> Matching:
    """Places of files by content and algorithm; the first spelling of a name stands for all."""
    spelt: dict[str, str] = {}
    _refuse_twins(files, [(key_of(content), key_of(algorithm)) for content, algorithm in pairs])
    return Matching(
        tuple(
            Place(
                spelt.setdefault(f"a{key_of(algorithm)}", algorithm), spelt.setdefault(f"c{key_of(content)}", content)
            )
            if content
            else None
            for content, algorithm in pairs
        ),
        (note,),
    )


def _refuse_twins(files: Sequence[str], keys: Sequence[tuple[str, ...]]) -> None:
    seen: dict[tuple[str, ...], str] = {}
    for file, key in zip(files, keys, strict=True):
        if key[0] and key in seen:
            raise LayoutError(f"{file} and {seen[key]}: two files for one content; keep one of them")
        seen[key] = file


def _contents_as_folders(files: Sequence[str], parts: Sequence[tuple[str, ...]]) -> Matching | None:
    """One folder a content: Animal1/Animal1_NN_x4.jpg, or coffee/SwinIR.png where methods' names say so.

    A folder whose files begin with names of such folders (reference/Animal1_GT.jpg) holds one more image of each.
    """
    if any(len(names) != 2 for names in parts):
        return None
    folders = sorted({names[0] for names in parts})
    stems: dict[str, list[str]] = {name: [stem for of, stem in parts if of == name] for name in folders}
    carry = [name for name in folders if all(_rest(stem, name) for stem in stems[name])]
    rests = {_rest(stem, name) for name in carry for stem in stems[name]}
    if len(carry) > 1 and _are_algorithms(carry, rests):
        pairs = []
        for of, stem in parts:
            starts = [name for name in ([of] if of in carry else carry) if _rest(stem, name)]
            best = max(starts, key=len, default=None)
            pairs.append((best, _rest(stem, best)) if best is not None else ("", stem))
        return _from_pairs(files, pairs, "folders are contents, and what follows their names is the algorithm")
    if (
        len(folders) > 1
        and not carry
        and _are_algorithms(folders, {stem for names in stems.values() for stem in names})
    ):
        counted = Counter(key_of(stem) for names in stems.values() for stem in set(names))
        try:
            cut = cut_flat_names(sorted(counted))
        except LayoutError:
            return None
        if cut is not None:  # methods are only a part of the names
            return _flat_sets(files, parts)
        if sum(number > 1 for number in counted.values()) > 1:
            return _from_pairs(files, list(parts), "folders are contents, and files are named by their algorithm")  # type: ignore[arg-type]
    return None


def _rest(stem: str, content: str) -> str:
    """What follows a content's name in a file's, or nothing."""
    rest = stem[len(content) :]
    if key_of(stem[: len(content)]) != key_of(content) or not rest or rest[0].isalnum():
        return ""
    return rest.lstrip("_-. @+")


def _are_algorithms(folders: Sequence[str], names: set[str]) -> bool:
    """Whether methods or training steps are named by the second, at least half of them, and not by the first."""
    if any(map(names_a_method, folders)) or len(names) < 2:
        return False
    return (
        all(map(is_bare_step, names))
        or all(is_checkpoint(name) for name in names)
        or sum(map(names_a_method, names)) >= len(names) / 2
    )


def _sets_first_by_name(files: Sequence[str], parts: Sequence[tuple[str, ...]]) -> Matching | None:
    """Data sets on the first level where all of these names are those of data sets and none on the second is."""
    if any(len(names) < 3 for names in parts):
        return None
    firsts, seconds = ({names[level] for names in parts} for level in (0, 1))
    if not all(map(_SETS.fullmatch, firsts)) or any(map(_SETS.fullmatch, seconds)):
        return None
    return _sets_first(files, parts)


def _sets_first(files: Sequence[str], parts: Sequence[tuple[str, ...]]) -> Matching | None:
    if any(len(names) < 3 for names in parts):
        return None
    turned = _algorithms_first(files, [(names[1], names[0], *names[2:]) for names in parts])
    if not isinstance(turned, Matching):
        return None
    return Matching(turned.places, ("the first level holds data sets, the second algorithms", *turned.notes))


def _algorithms_first(
    files: Sequence[str], parts: Sequence[tuple[str, ...]]
) -> Matching | Mapping[str, Sequence[Named]]:
    """Algorithms on the first level, with runs and checkpoints below it as algorithms of their own.

    Returns:
        The matching, or the files of each algorithm where no content is shared.
    """
    merged = [_with_run(names) for names in parts]
    below = _telling_levels(merged)
    members: dict[str, list[Named]] = {}
    numbers: dict[str, list[int]] = {}
    words: dict[str, set[str]] = {}
    sets: list[str | None] = []
    for number, (file, names, levels) in enumerate(zip(files, merged, below, strict=True)):
        dataset, inner = _split_levels(levels)
        sets.append(dataset)
        folders = "/".join((*((dataset,) if dataset else ()), *inner))
        members.setdefault(names[0], []).append(Named(file, folders, names[-1]))
        numbers.setdefault(names[0], []).append(number)
        words.setdefault(names[0], set()).update(names[:-1])
    own = {name: sorted(found) for name, found in words.items()}
    chosen = read_names(members, own)
    if len({bool(member.below) for found in members.values() for member in found}) > 1:
        chosen = _read_without_levels(members, own, chosen)
    members, numbers, chosen, variants = _with_variants(members, numbers, own, chosen)
    if not shared_keys(chosen):
        return members
    places: list[Place | None] = [None] * len(files)
    spelt: dict[str, str] = {}
    named_sets: dict[str, str | None] = {}
    for algorithm, way in chosen.items():
        for number, content, key in zip(numbers[algorithm], way.contents, way.keys, strict=True):
            named_sets[key] = named_sets.get(key) or sets[number]
            places[number] = Place(algorithm, spelt.setdefault(key, content))
    for algorithm, way in chosen.items():
        for number, key in zip(numbers[algorithm], way.keys, strict=True):
            places[number] = Place(algorithm, spelt[key], named_sets[key])
    taken = [f"{name}: names without {way.taken}" for name, way in chosen.items() if way.taken]
    return Matching(tuple(places), (*variants, *taken, *_of_padding(chosen)))


def _of_padding(chosen: Mapping[str, Stripping]) -> list[str]:
    """That numbers which nobody shares would be equal without their zeros."""
    shared = shared_keys(chosen)
    numbers: defaultdict[int, set[str]] = defaultdict(set)
    for way in chosen.values():
        for key in way.keys:
            if key not in shared and key.isdecimal():
                numbers[int(key)].add(key)
    padded = [sorted(keys) for keys in numbers.values() if len(keys) > 1]
    if not padded:
        return []
    said = " and ".join(padded[0])
    return [f"numbers are padded differently ({said}) and not matched; --match '0*(?P<content>[0-9]+)' would"]


def _with_run(names: tuple[str, ...]) -> tuple[str, ...]:
    """The algorithm with the run or the checkpoint that a level below names."""
    for level in range(1, len(names) - 1):
        if is_run(names[level]) or is_checkpoint(names[level]):
            return (f"{names[0]}/{names[level]}", *names[1:level], *names[level + 1 :])
    return names


def _telling_levels(parts: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Folders below the algorithm's without those that are the same for all its files, unless another has a choice."""
    by_algorithm: defaultdict[str, list[tuple[str, ...]]] = defaultdict(list)
    for names in parts:
        by_algorithm[names[0]].append(names[1:-1])
    telling: set[str] = set()
    for levels in by_algorithm.values():
        counted = Counter(name for found in levels for name in dict.fromkeys(found))
        telling.update(name for name, number in counted.items() if number < len(levels))
    return [tuple(name for name in names[1:-1] if name in telling) for names in parts]


def _split_levels(levels: tuple[str, ...]) -> tuple[str | None, tuple[str, ...]]:
    """The data set, and folders that tell contents apart: numbered sequences, scales."""
    for number, name in enumerate(levels):
        if not all(token.is_number or token.is_scale for token in tokens(name)):
            return name, (*levels[:number], *levels[number + 1 :])
    return None, levels


def _read_without_levels(
    members: Mapping[str, Sequence[Named]], words: Mapping[str, Sequence[str]], chosen: dict[str, Stripping]
) -> dict[str, Stripping]:
    """The same without folders below the algorithms', where some have data sets apart and others don't.

    Only if more images find a counterpart, and no content is in two data sets.
    """
    try:
        without = read_names({name: [Named(m.path, "", m.stem) for m in of] for name, of in members.items()}, words)
    except LayoutError:  # two data sets of an algorithm have a content of one name
        return chosen
    sets: defaultdict[str, set[str]] = defaultdict(set)
    for name, way in without.items():
        for member, key in zip(members[name], way.keys, strict=True):
            sets[key].update({member.below} - {""})
    if any(len(found) > 1 for found in sets.values()) or _matched_images(without) <= _matched_images(chosen):
        return chosen
    return without


def _matched_images(chosen: Mapping[str, Stripping]) -> int:
    shared = shared_keys(chosen)
    return sum(key in shared for way in chosen.values() for key in way.keys)


def _with_variants(
    members: dict[str, list[Named]],
    numbers: dict[str, list[int]],
    words: Mapping[str, Sequence[str]],
    chosen: dict[str, Stripping],
) -> tuple[dict[str, list[Named]], dict[str, list[int]], dict[str, Stripping], tuple[str, ...]]:
    """Folders with several images of each content, told apart by a word at the end: ArNet/00002_ArNet_hi.png.

    Only where a whole folder (the originals, say) has contents without that word and would match nothing otherwise, and
    every file of every other folder is one of its contents with a word behind it. The words then tell algorithms apart.
    """
    unchanged = members, numbers, chosen, ()
    shared = shared_keys(chosen)
    plain = [name for name, way in chosen.items() if shared.isdisjoint(way.keys)]
    others = [name for name in chosen if name not in plain]
    if len(plain) == len(chosen):
        plain = sorted(chosen, key=lambda name: len(members[name]))[:1]
        others = [name for name in chosen if name not in plain]
    if len(plain) != 1 or not others or len(members[plain[0]]) < 2:
        return unchanged
    for base in strippings(members[plain[0]], words[plain[0]]):
        split = {name: _variants_of(members[name], words[name], base) for name in others}
        if all(split.values()) and not base.collides:
            break
    else:
        return unchanged
    found_members, found_numbers = {plain[0]: members[plain[0]]}, {plain[0]: numbers[plain[0]]}
    found: dict[str, Stripping] = {plain[0]: base}
    for name in others:
        cuts = split[name] or []
        for variant in sorted({variant for _, variant in cuts}):
            own = [i for i, (_, word) in enumerate(cuts) if word == variant]
            label = f"{name}_{variant}"
            found_members[label] = [members[name][i] for i in own]
            found_numbers[label] = [numbers[name][i] for i in own]
            contents = tuple(cuts[i][0] for i in own)
            found[label] = Stripping(contents, 0.0, keys=tuple(map(key_of, contents)))
    if any(way.collides for way in found.values()):
        return unchanged
    said = ", ".join(f"{name} ({first_few(sorted({word for _, word in split[name] or []}))})" for name in others)
    note = f"several images a content, told apart by their last word, are algorithms of their own: {said}"
    return found_members, found_numbers, found, (note,)


def _variants_of(members: Sequence[Named], words: Sequence[str], base: Stripping) -> list[tuple[str, str]] | None:
    """Content and last words of each file, or None where they aren't contents of `base` with words behind."""
    known = dict(zip(base.keys, base.contents, strict=True))
    fitting: list[list[tuple[str, str]]] = []
    for way in strippings(members, words):
        cuts = []
        for content in way.contents:
            starts = [name for name in known.values() if _rest(content, name)]
            if not starts:
                break
            best = max(starts, key=len)
            cuts.append((best, _rest(content, best)))
        else:
            contents = {word: {content for content, of in cuts if of == word} for _, word in cuts}
            numbered = any(token.is_number for word in contents for token in tokens(word))
            if len(contents) > 1 and not numbered and all(len(found) > 1 for found in contents.values()):
                fitting.append(cuts)
    return min(fitting, key=lambda cuts: sum(len(word) for _, word in cuts), default=None)


def _too_few(algorithms: Sequence[str]) -> str:
    return f"holds 1 algorithm with images ({algorithms[0]}); at least two are needed to rank"


def _nothing_shared(members: Mapping[str, Sequence[Named]]) -> str:
    """That nothing is shared, with the nearest names of two algorithms."""
    if len(members) < 2:
        return _too_few(list(members))
    names = {name: [m.stem for m in found] for name, found in members.items()}
    pairs = nearest_names(names)
    shown = "; ".join(f"{a} ({first}) and {b} ({second})" for a, first, b, second in pairs[:_NEAREST_SHOWN])
    padded = any(a != b and a.isdecimal() and b.isdecimal() and int(a) == int(b) for _, a, _, b in pairs)
    hint = (
        "numbers are padded differently: if they number the same pictures, --match '0*(?P<content>[0-9]+)'"
        if padded
        else "say how to read them with --match, such as --match '(?P<content>[^_]+).*'"
    )
    return f"no content is shared by two algorithms, so nothing can be compared; nearest names: {shown}; {hint}"


def nearest_names(names: Mapping[str, Sequence[str]]) -> list[tuple[str, str, str, str]]:
    """Of the first algorithms, the most similar names of each two: (algorithm, name, other algorithm, its name)."""
    few = list(names)[:4]
    found = []
    for one, other in combinations(few, 2):
        candidates = [(a, b) for a in names[one][:40] for b in names[other][:40]]
        padded = [(a, b) for a, b in candidates if a.isdecimal() and b.isdecimal() and int(a) == int(b)]
        a, b = max(padded or candidates, key=_similarity)
        found.append((_similarity((a, b)), one, a, other, b))
    found.sort(key=lambda entry: -entry[0])
    return [entry[1:] for entry in found]


def _similarity(names: tuple[str, str]) -> float:
    return SequenceMatcher(None, key_of(names[0]), key_of(names[1])).ratio()
