"""Which pairs and images are trained on, which choose the best epoch, and which are held out.

Sides are drawn by hashing names with the seed, so a split depends on the seed and on what the manifest holds: not on
the order of its rows, nor on a library's generator. The test side is drawn first, and the validation side out of the
rest, so that the test side is the same whatever share validates.
"""

import hashlib
import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from fgresq.errors import UserError
from fgresq.manifest import Manifest
from fgresq.names import first_few
from fgresq.records import ImageRecord, Split


@dataclass(frozen=True, slots=True)
class DataSplit:
    """The sides of a manifest. Images are in the manifest's order, pairs are indices of `manifest.pairs`.

    Attributes:
        method: "content" or "pair", see `split_by_content` and `split_by_pair`.
        test_share: what was asked for.
        seed: what was drawn with.
        train_images, test_images: identities; with "pair", some may stand on both sides.
        train_pairs, test_pairs: indices, never on both sides.
        validation_share: of what isn't on the test side; 0 is a split without validation.
        validation_images, validation_pairs: as those of the other sides.
    """

    method: Literal["content", "pair"]
    test_share: float
    seed: int
    train_images: tuple[str, ...]
    test_images: tuple[str, ...]
    train_pairs: tuple[int, ...]
    test_pairs: tuple[int, ...]
    validation_share: float = 0.0
    validation_images: tuple[str, ...] = ()
    validation_pairs: tuple[int, ...] = ()

    @property
    def sides(self) -> tuple[Split, ...]:
        """Those that it has."""
        return tuple(side for side in Split if side is not Split.VALIDATION or self.validation_share > 0)

    def images(self, side: Split) -> tuple[str, ...]:
        """Identities of the images of a side."""
        return {
            Split.TRAIN: self.train_images,
            Split.VALIDATION: self.validation_images,
            Split.TEST: self.test_images,
        }[side]

    def pairs(self, side: Split) -> tuple[int, ...]:
        """Indices of the pairs of a side."""
        return {
            Split.TRAIN: self.train_pairs,
            Split.VALIDATION: self.validation_pairs,
            Split.TEST: self.test_pairs,
        }[side]


@dataclass(frozen=True, slots=True)
class Leaks:
    """What stands on two sides of a split, in name order; an image that does brings its content.

    Attributes:
        contents: by name.
        images: by identity.
        files: of images and references; a scene that stands under two names gives itself away by its reference.
    """

    contents: tuple[str, ...]
    images: tuple[str, ...]
    files: tuple[str, ...]


def split_by_content(
    manifest: Manifest, test_share: float = 0.2, seed: int = 0, validation_share: float = 0.0
) -> DataSplit:
    """Hold out contents: no depicted scene stands on two sides.

    Contents that share a file, such as one reference of two sources, are one scene and stay together; they count as
    one, of the source and the tasks of the first by name. The held-out contents are spread evenly over the sources, and
    within a source over the sets of tasks that contents have: each gets its share rounded down or up. Shares count
    contents; images and pairs follow theirs, so their own shares come near only. Images without a pair follow their
    content like all others.

    Args:
        manifest: with at least two scenes, or three if some validate.
        test_share: of the contents, above 0 and below 1; at least one content ends on each side.
        seed: another one, another split.
        validation_share: of the contents that aren't on the test side, which doesn't depend on it; 0 for none.

    Raises:
        UserError: a share out of range, too few scenes.
    """
    source = {image.content: image.source for image in manifest.images}
    tasks: dict[str, set[str]] = defaultdict(set)
    for image in manifest.images:
        tasks[image.content].add(str(image.task))
    together = scenes(manifest)
    names = [(first,) for first, *_ in together]
    strata = [(source[first], *sorted(tasks[first])) for first, *_ in together]
    drawn = _sides(names, strata, "contents that share no file", (test_share, validation_share), seed)
    side = {content: drawn[index] for index, scene in enumerate(together) for content in scene}
    side_of = {image.image_id: side[image.content] for image in manifest.images}

    def images(of: Split) -> tuple[str, ...]:
        return tuple(identity for identity, own in side_of.items() if own is of)

    def pairs(of: Split) -> tuple[int, ...]:
        return tuple(index for index, pair in enumerate(manifest.pairs) if side_of[pair.image_a] is of)

    return DataSplit(
        "content",
        test_share,
        seed,
        images(Split.TRAIN),
        images(Split.TEST),
        pairs(Split.TRAIN),
        pairs(Split.TEST),
        validation_share,
        images(Split.VALIDATION),
        pairs(Split.VALIDATION),
    )


def scenes(manifest: Manifest) -> tuple[tuple[str, ...], ...]:
    """Contents that share files of images or references, directly or through others; most stand alone.

    Returns:
        Every content once, each scene's in name order and the scenes by their first.
    """
    found: dict[str, set[str]] = {}  # content to its scene; contents of one scene share the set
    first: dict[str, str] = {}
    for image in manifest.images:
        scene = found.setdefault(image.content, {image.content})
        for file in _files(manifest, image):
            other = found[first.setdefault(file, image.content)]
            if other is not scene:
                fewer, scene = sorted((other, scene), key=len)
                scene |= fewer
                found.update(dict.fromkeys(fewer, scene))
    return tuple(sorted({tuple(sorted(scene)) for scene in found.values()}))


def split_by_pair(
    manifest: Manifest, test_share: float = 0.2, seed: int = 0, validation_share: float = 0.0
) -> DataSplit:
    """The paper's protocol: hold out pairs, and let each image follow its pairs.

    An image of several pairs may so stand on two sides, and its content with it: `leaks` tells how many do. Pairs are
    spread evenly over sources and tasks (the paper doesn't say how it drew them). Images without any pair go to train.

    Args:
        manifest: with at least two pairs, or three if some validate.
        test_share: of the pairs, above 0 and below 1; at least one pair ends on each side.
        seed: another one, another split.
        validation_share: of the pairs that aren't on the test side, which doesn't depend on it; 0 for none.

    Raises:
        UserError: a share out of range, too few pairs.

    Reference: FGResQ, "Evaluation Protocol": 8:2 by image pairs, individual images following their pair.
    """
    record = {image.image_id: image for image in manifest.images}
    names = [(pair.image_a, pair.image_b) for pair in manifest.pairs]
    strata = [(record[a].source, str(record[a].task)) for a, _ in names]
    drawn = _sides(names, strata, "pairs", (test_share, validation_share), seed)
    pairs = {side: tuple(index for index, own in enumerate(drawn) if own is side) for side in Split}
    on = {side: {identity for index in pairs[side] for identity in names[index]} for side in Split}
    on[Split.TRAIN] |= record.keys() - set().union(*on.values())
    images = {side: tuple(identity for identity in record if identity in on[side]) for side in Split}
    return DataSplit(
        "pair",
        test_share,
        seed,
        images[Split.TRAIN],
        images[Split.TEST],
        pairs[Split.TRAIN],
        pairs[Split.TEST],
        validation_share,
        images[Split.VALIDATION],
        pairs[Split.VALIDATION],
    )


def leaks(split: DataSplit, manifest: Manifest) -> Leaks:
    """Images, contents and files that stand on two sides, by themselves or through a pair.

    Raises:
        UserError: the split was made for another manifest.
    """
    content = {image.image_id: image.content for image in manifest.images}
    on = [_images_of(split, side, manifest) for side in split.sides]
    unknown = sorted(set().union(*on) - content.keys())
    if unknown:
        raise UserError(f"the split isn't of this manifest: it names unknown images ({first_few(unknown)})")
    contents = _on_two([{content[identity] for identity in images} for images in on])
    files = _on_two([_files_of(images, manifest) for images in on])
    return Leaks(contents, _on_two(on), files)


def _on_two(sides: Sequence[set[str]]) -> tuple[str, ...]:
    """What is in more than one of the sets, in order."""
    return tuple(sorted(set().union(*(first & second for first, second in combinations(sides, 2)))))


def require_no_leak(split: DataSplit, manifest: Manifest, allow_paper: bool = False) -> None:
    """Refuse a split with contents or files on two sides.

    Args:
        split: of this manifest.
        manifest: that it divides.
        allow_paper: let a split by pairs leak, as the paper's does; a split by content never may.

    Raises:
        UserError: it leaks; names the first contents or files.
    """
    found = leaks(split, manifest)
    if (allow_paper and split.method == "pair") or not (found.contents or found.files):
        return
    if not found.contents:
        raise UserError(
            f"{len(found.files)} files stand on two sides of the split by {split.method}, under different contents "
            f"({first_few(found.files)}); scores on its test side would be too good. One scene is one content"
        )
    raise UserError(
        f"{len(found.contents)} contents and {len(found.images)} images stand on two sides of the split by "
        f"{split.method} ({first_few(found.contents)}); scores on its test side would be too good. Split by content, "
        "or say that the paper's protocol is wanted"
    )


def _images_of(split: DataSplit, side: Split, manifest: Manifest) -> set[str]:
    indices = split.pairs(side)
    if indices and max(indices) >= len(manifest.pairs):
        raise UserError(f"the split isn't of this manifest: it has pair {max(indices)} of {len(manifest.pairs)}")
    pairs = [manifest.pairs[index] for index in indices]
    return {*split.images(side), *(identity for pair in pairs for identity in (pair.image_a, pair.image_b))}


def _files_of(image_ids: set[str], manifest: Manifest) -> set[str]:
    """Files of the images and of their references, as paths without detours."""
    return {file for image in manifest.images if image.image_id in image_ids for file in _files(manifest, image)}


def _files(manifest: Manifest, image: ImageRecord) -> list[str]:
    return [os.path.normpath(manifest.root / path) for path in (image.path, image.reference) if path is not None]


def _sides(
    names: Sequence[tuple[str, ...]],
    strata: Sequence[tuple[str, ...]],
    kind: str,
    shares: tuple[float, float],
    seed: int,
) -> list[Split]:
    """The side of each name: a share of all is on the test side, then a share of the rest validates."""
    test_share, validation_share = shares
    if validation_share != 0 and not 0 < validation_share < 1:
        raise UserError(f"the validation share must be at least 0 and below 1, not {validation_share}")
    test = _held_out(names, strata, kind, test_share, str(seed), "the manifest")
    rest = [index for index in range(len(names)) if index not in test]
    validation: set[int] = set()
    if validation_share > 0:
        left = ([names[index] for index in rest], [strata[index] for index in rest])
        key = f"{seed} validation"  # another order than that of which the test side has taken every n-th
        found = _held_out(*left, kind, validation_share, key, "what isn't on the test side")
        validation = {rest[place] for place in found}
    taken = {**dict.fromkeys(test, Split.TEST), **dict.fromkeys(validation, Split.VALIDATION)}
    return [taken.get(index, Split.TRAIN) for index in range(len(names))]


def _held_out(
    names: Sequence[tuple[str, ...]], strata: Sequence[tuple[str, ...]], kind: str, share: float, key: str, where: str
) -> set[int]:
    """Indices of a share of the names, as even over the strata as whole numbers allow.

    A stratum (a source, and what divides it further) stands together, in a random order, and every (n / k)th name is
    taken. So out of any run of m names m k / n are taken, rounded down or up: of a source, and of a stratum within.
    """
    if not 0 < share < 1:
        raise UserError(f"the test share must be above 0 and below 1, not {share}")
    n = len(names)
    if n < 2:
        raise UserError(f"a split needs at least 2 {kind}, one for each side; {where} has {n}")

    def place(index: int) -> list[str]:
        levels = (strata[index][:1], strata[index], names[index])
        return [hashlib.sha256("\0".join((key, *level)).encode()).hexdigest() for level in levels]

    k = min(max(round(n * share), 1), n - 1)
    ordered = sorted(range(n), key=place)
    return {index for j, index in enumerate(ordered) if (j + 1) * k // n > j * k // n}
