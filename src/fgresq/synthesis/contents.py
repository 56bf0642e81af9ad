"""Everything that is made of one photograph: degraded and restored images, their files, and their labels."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.random import Generator

from fgresq.errors import ImageError
from fgresq.files import written_whole
from fgresq.images.decode import decode, printable
from fgresq.images.unit import to_unit
from fgresq.records import ImageRecord, Pair, RestorationTask
from fgresq.synthesis.artefacts import ARTEFACTS
from fgresq.synthesis.degrade import DEGRADATIONS, Degradation
from fgresq.synthesis.fidelity import measure
from fgresq.synthesis.labels import Consensus, choose_pairs, levels, pseudo_mos
from fgresq.synthesis.pictures import Degraded, Picture, rounded, to_bytes
from fgresq.synthesis.restore.catalogue import RESTORERS, suited

UNTOUCHED, PRISTINE = "none", "pristine"
MIN_PHOTOGRAPH = 64
_PNG = (cv2.IMWRITE_PNG_COMPRESSION, 3)
_LEARNED_SHARE = 0.36
_NEAR = 0.15
_PRISTINE_INDEX = 0


@dataclass(frozen=True, slots=True)
class Assignment:
    """What to make of one photograph.

    Attributes:
        photograph: its file.
        content: its name in the manifest, unique.
        tasks: the restoration tasks, each with the number of images to make, the degraded one included.
        out: folder of the data set.
        source: name of the data set in the manifest.
        seed: of all random choices, together with the content's name.
        crop: side of the square that is cut out, in pixels; None keeps the photograph whole.
        pairs: at most so many pairs a task.
        consensus: when metrics count as agreeing.
    """

    photograph: Path
    content: str
    tasks: tuple[tuple[RestorationTask, int], ...]
    out: Path
    source: str
    seed: int
    crop: int | None
    pairs: int
    consensus: Consensus


@dataclass(frozen=True, slots=True)
class Made:
    """The records of one photograph, and each image's dissimilarities; `failure` says why there are none."""

    content: str
    images: tuple[ImageRecord, ...] = ()
    pairs: tuple[Pair, ...] = ()
    dissimilarities: tuple[tuple[float, ...], ...] = ()
    failure: str | None = None


def generator_for(*names: object) -> Generator:
    """A generator whose seed is the hash of the names: the same on every machine and for any order of work."""
    digest = hashlib.sha256("\0".join(map(str, names)).encode("utf-8", "surrogateescape")).digest()
    return np.random.default_rng(np.random.SeedSequence(np.frombuffer(digest, dtype="<u4").tolist()))


def make_content(assignment: Assignment) -> Made:
    """Make, label and write the images of one photograph; a photograph that can't be used is a failure, not an error.

    Raises:
        OutputError: a file can't be written.
    """
    try:
        pristine = _photograph(assignment)
    except ImageError as error:
        return Made(assignment.content, failure=error.reason)
    reference = f"references/{assignment.content}.png"
    _write(assignment.out / reference, pristine)
    images: list[ImageRecord] = []
    pairs: list[Pair] = []
    dissimilarities: list[tuple[float, ...]] = []
    for task, count in assignment.tasks:
        records, judged, measured = _make_task(assignment, task, count, pristine, reference)
        images += records
        pairs += judged
        dissimilarities += measured
    return Made(assignment.content, tuple(images), tuple(pairs), tuple(dissimilarities))


def _photograph(assignment: Assignment) -> Picture:
    pixels = decode(assignment.photograph)
    name = printable(assignment.photograph)
    height, width = pixels.shape[:2]
    if min(height, width) < MIN_PHOTOGRAPH:
        raise ImageError(name, f"is {width}x{height} pixels; at least {MIN_PHOTOGRAPH}x{MIN_PHOTOGRAPH} are needed")
    if assignment.crop is not None:
        draw = generator_for(assignment.seed, assignment.content, "crop")
        side = (min(assignment.crop, height), min(assignment.crop, width))
        top, left = int(draw.integers(0, height - side[0] + 1)), int(draw.integers(0, width - side[1] + 1))
        pixels = pixels[top : top + side[0], left : left + side[1]]
    return rounded(np.ascontiguousarray(to_unit(pixels)))


def _make_task(
    assignment: Assignment, task: RestorationTask, count: int, pristine: Picture, reference: str
) -> tuple[list[ImageRecord], list[Pair], list[tuple[float, ...]]]:
    draw = generator_for(assignment.seed, assignment.content, task.value)
    folder = f"images/{task.value}"
    records: list[ImageRecord] = []
    measured = []
    for index, (algorithm, picture) in enumerate(variants(pristine, task, count, draw)):
        name = f"{folder}/{assignment.content}-{index:02d}.png"
        seen = rounded(picture)
        _write(assignment.out / name, seen)
        measured.append(measure(pristine, seen))
        records.append(
            ImageRecord(
                f"{assignment.source}/{task.value}/{assignment.content}-{index:02d}",
                name,
                assignment.source,
                task,
                assignment.content,
                algorithm,
                reference=reference,
            )
        )
    found = levels(np.array(measured))
    records = [replace(record, mos=float(mos)) for record, mos in zip(records, pseudo_mos(found), strict=True)]
    pairs = [
        Pair(records[a].image_id, records[b].image_id, label)
        for a, b, label in choose_pairs(found, assignment.pairs, assignment.consensus, draw, pristine=_PRISTINE_INDEX)
    ]
    return records, pairs, [tuple(values.tolist()) for values in measured]


def variants(pristine: Picture, task: RestorationTask, count: int, draw: Generator) -> list[tuple[str, Picture]]:
    """The pristine picture, one degraded by a task, and restorations of that which differ a little or much.

    About a third imitate learned restorers (see `_learned`). Every other classical restoration is repeated at a
    strength near the first, so that fine differences are common.

    Returns:
        (algorithm, picture): the algorithm's name with its strength; `none` is the degraded picture, `pristine` what
        no restoration is better than.
    """
    choices = [degradation for degradation in DEGRADATIONS.values() if degradation.task == task]
    degradation = choices[int(draw.integers(len(choices)))]
    degraded = _stored(degradation.apply(pristine, draw.uniform(0.1, 0.95), draw))
    learned = round(_LEARNED_SHARE * (count - 2))
    made = [(UNTOUCHED, degraded.image), *_classical(degradation, degraded, count - 2 - learned, draw)]
    made += _learned(pristine, [picture for _, picture in made], learned, draw)
    return [(PRISTINE, pristine), *made]


def _learned(pristine: Picture, bases: Sequence[Picture], count: int, draw: Generator) -> list[tuple[str, Picture]]:
    """Imitations of learned restorers, two by two.

    A degraded or restored picture is moved towards the pristine one by a random share, as better restorers are nearer
    to it. One of the two gets a typical artefact; the other gets the same artefact at another strength, or none, so
    that an artefact doesn't give away that a picture is otherwise good.
    """
    made: list[tuple[str, Picture]] = []
    for artefact in _cycled(list(ARTEFACTS), (count + 1) // 2, draw):
        share = 0.8 * draw.uniform(0.0, 1.0) ** 1.5
        nearer = np.float32(share) * pristine + np.float32(1 - share) * bases[int(draw.integers(len(bases)))]
        strength = float(draw.uniform(0.1, 1.0))
        made.append((f"learned {artefact} {share:.2f} {strength:.2f}", ARTEFACTS[artefact](nearer, strength, draw)))
        if draw.random() < 0.5:
            made.append((f"learned plain {share:.2f}", nearer))
        else:
            weaker = strength * float(draw.uniform(0.3, 0.9))
            made.append((f"learned {artefact} {share:.2f} {weaker:.2f}", ARTEFACTS[artefact](nearer, weaker, draw)))
    return made[:count]


def _classical(degradation: Degradation, degraded: Degraded, count: int, draw: Generator) -> list[tuple[str, Picture]]:
    """Restorations by as many algorithms as the count allows, some at two strengths that are near each other."""
    names = [restorer.name for restorer in suited(degradation)]
    wanted: list[tuple[str, float]] = []
    for name in _cycled(names, count, draw):
        strength = float(draw.uniform(0.0, 1.0))
        wanted.append((name, strength))
        if draw.random() < 0.5:
            wanted.append((name, float(np.clip(strength + _NEAR * draw.uniform(-1, 1) ** 3, 0, 1))))
    return [
        (f"{name} {strength:.2f}", RESTORERS[name].apply(degraded, strength, draw)) for name, strength in wanted[:count]
    ]


def _cycled(names: Sequence[str], count: int, draw: Generator) -> list[str]:
    """`count` names in random order, none again before all have come."""
    out: list[str] = []
    while len(out) < count:
        out += [names[index] for index in draw.permutation(len(names))]
    return out[:count]


def _stored(degraded: Degraded) -> Degraded:
    """As a restorer would get it: rounded to 8 bits."""
    return replace(
        degraded,
        image=rounded(degraded.image),
        low=None if degraded.low is None else rounded(degraded.low),
    )


def _write(path: Path, picture: Picture) -> None:
    _, code = cv2.imencode(".png", to_bytes(picture)[..., ::-1], _PNG)
    with written_whole(path) as temporary:
        temporary.write_bytes(code.tobytes())
