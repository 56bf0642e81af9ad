"""Which pairs and images are trained on and which are held out.

Sides are drawn by hashing names with the seed, so a split depends on the seed and on what the manifest holds: not on
the order of its rows, nor on a library's generator.
"""

import hashlib
import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from fgresq.errors import UserError
from fgresq.manifest import Manifest
from fgresq.names import first_few
from fgresq.records import ImageRecord, Split


@dataclass(frozen=True, slots=True)
class DataSplit:
    """Two sides of a manifest. Images are in the manifest's order, pairs are indices of `manifest.pairs`.

    Attributes:
        method: "content" or "pair", see `split_by_content` and `split_by_pair`.
        test_share: what was asked for.
        seed: what was drawn with.
        train_images, test_images: identities; with "pair", some may stand on both sides.
        train_pairs, test_pairs: indices, never on both sides.
    """

    method: Literal["content", "pair"]
    test_share: float
    seed: int
    train_images: tuple[str, ...]
    test_images: tuple[str, ...]
    train_pairs: tuple[int, ...]
    test_pairs: tuple[int, ...]

    def images(self, side: Split) -> tuple[str, ...]:
        """Identities of the images of a side."""
        return self.train_images if side is Split.TRAIN else self.test_images

    def pairs(self, side: Split) -> tuple[int, ...]:
        """Indices of the pairs of a side."""
        return self.train_pairs if side is Split.TRAIN else self.test_pairs


@dataclass(frozen=True, slots=True)
class Leaks:
    """What stands on both sides of a split, in name order; an image that does brings its content.

    Attributes:
        contents: by name.
        images: by identity.
        files: of images and references; a scene that stands under two names gives itself away by its reference.
    """

    contents: tuple[str, ...]
    images: tuple[str, ...]
    files: tuple[str, ...]


def split_by_content(manifest: Manifest, test_share: float = 0.2, seed: int = 0) -> DataSplit:
    """Hold out contents: no depicted scene stands on both sides.

    Contents that share a file, such as one reference of two sources, are one scene and stay together; they count as
    one, of the source and the tasks of the first by name. The held-out contents are spread evenly over the sources, and
    within a source over the sets of tasks that contents have: each gets its share rounded down or up. Shares count
    contents; images and pairs follow theirs, so their own shares come near only. Images without a pair follow their
    content like all others.

    Args:
        manifest: with at least two scenes.
        test_share: of the contents, above 0 and below 1; at least one content ends on each side.
        seed: another one, another split.

    Raises:
        UserError: a share out of range, fewer than two scenes.
    """
    sources = {image.content: image.source for image in manifest.images}
    tasks: dict[str, set[str]] = defaultdict(set)
    for image in manifest.images:
        tasks[image.content].add(str(image.task))
    together = scenes(manifest)
    strata = [(sources[first], *sorted(tasks[first])) for first, *_ in together]
    held_out = _held_out([(first,) for first, *_ in together], strata, "contents that share no file", test_share, seed)
    test = {content for index in held_out for content in together[index]}
    content = {image.image_id: image.content for image in manifest.images}
    return DataSplit(
        "content",
        test_share,
        seed,
        tuple(identity for identity in content if content[identity] not in test),
        tuple(identity for identity in content if content[identity] in test),
        tuple(i for i, pair in enumerate(manifest.pairs) if content[pair.image_a] not in test),
        tuple(i for i, pair in enumerate(manifest.pairs) if content[pair.image_a] in test),
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


def split_by_pair(manifest: Manifest, test_share: float = 0.2, seed: int = 0) -> DataSplit:
    """The paper's protocol: hold out pairs, and let each image follow its pairs.

    An image of several pairs may so stand on both sides, and its content with it: `leaks` tells how many do. Pairs are
    spread evenly over sources and tasks (the paper doesn't say how it drew them). Images without any pair go to train.

    Args:
        manifest: with at least two pairs.
        test_share: of the pairs, above 0 and below 1; at least one pair ends on each side.
        seed: another one, another split.

    Raises:
        UserError: a share out of range, fewer than two pairs.

    Reference: FGResQ, "Evaluation Protocol": 8:2 by image pairs, individual images following their pair.
    """
    images = {image.image_id: image for image in manifest.images}
    names = [(pair.image_a, pair.image_b) for pair in manifest.pairs]
    strata = [(images[a].source, str(images[a].task)) for a, _ in names]
    test = _held_out(names, strata, "pairs", test_share, seed)
    on_test = {identity for index in test for identity in names[index]}
    on_train = {identity for index, pair in enumerate(names) if index not in test for identity in pair}
    return DataSplit(
        "pair",
        test_share,
        seed,
        tuple(identity for identity in images if identity in on_train or identity not in on_test),
        tuple(identity for identity in images if identity in on_test),
        tuple(index for index in range(len(names)) if index not in test),
        tuple(index for index in range(len(names)) if index in test),
    )


def leaks(split: DataSplit, manifest: Manifest) -> Leaks:
    """Images, contents and files that stand on both sides, by themselves or through a pair.

    Raises:
        UserError: the split was made for another manifest.
    """
    content = {image.image_id: image.content for image in manifest.images}
    train, test = (_images_of(split, side, manifest) for side in (Split.TRAIN, Split.TEST))
    unknown = sorted((train | test) - content.keys())
    if unknown:
        raise UserError(f"the split isn't of this manifest: it names unknown images ({first_few(unknown)})")
    contents = {content[identity] for identity in train} & {content[identity] for identity in test}
    files = _files_of(train, manifest) & _files_of(test, manifest)
    return Leaks(tuple(sorted(contents)), tuple(sorted(train & test)), tuple(sorted(files)))


def require_no_leak(split: DataSplit, manifest: Manifest, allow_paper: bool = False) -> None:
    """Refuse a split with contents or files on both sides.

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
            f"{len(found.files)} files stand on both sides of the split by {split.method}, under different contents "
            f"({first_few(found.files)}); scores on its test side would be too good. One scene is one content"
        )
    raise UserError(
        f"{len(found.contents)} contents and {len(found.images)} images stand on both sides of the split by "
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


def _held_out(
    names: Sequence[tuple[str, ...]], strata: Sequence[tuple[str, ...]], kind: str, share: float, seed: int
) -> set[int]:
    """Indices of a share of the names, as even over the strata as whole numbers allow.

    A stratum (a source, and what divides it further) stands together, in a random order, and every (n / k)th name is
    taken. So out of any run of m names m k / n are taken, rounded down or up: of a source, and of a stratum within.
    """
    if not 0 < share < 1:
        raise UserError(f"the test share must be above 0 and below 1, not {share}")
    n = len(names)
    if n < 2:
        raise UserError(f"a split needs at least 2 {kind}, one for each side; the manifest has {n}")

    def place(index: int) -> list[str]:
        levels = (strata[index][:1], strata[index], names[index])
        return [hashlib.sha256("\0".join((str(seed), *level)).encode()).hexdigest() for level in levels]

    k = min(max(round(n * share), 1), n - 1)
    ordered = sorted(range(n), key=place)
    return {index for j, index in enumerate(ordered) if (j + 1) * k // n > j * k // n}
