"""Everything that is made of one photograph: degraded and restored images, their files, and their labels."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

import cv2
import numpy as np
from numpy.random import Generator

from fgresq.errors import ImageError
from fgresq.files import written_whole
from fgresq.images.arrays import RgbArray
from fgresq.images.decode import decode, printable
from fgresq.images.unit import to_unit
from fgresq.records import ImageRecord, Pair, RestorationTask
from fgresq.synthesis.artefacts import ARTEFACTS
from fgresq.synthesis.degrade import DEGRADATIONS, Degradation
from fgresq.synthesis.fidelity import Judge
from fgresq.synthesis.labels import Consensus, Known, choose_pairs, levels, pseudo_mos
from fgresq.synthesis.ladder import DISTORTIONS, blank
from fgresq.synthesis.pictures import Degraded, Picture, clip, rounded, to_bytes
from fgresq.synthesis.ready import Ready, read_ready
from fgresq.synthesis.restore import learned
from fgresq.synthesis.restore.catalogue import RESTORERS, suited

UNTOUCHED, PRISTINE = "none", "pristine"
MIN_PHOTOGRAPH = 64
_PNG = (cv2.IMWRITE_PNG_COMPRESSION, 3)
# Of a task's images: outputs of learned restorers, and imitations of such, with or without the former.
_LEARNED, _IMITATED, _IMITATED_ALONE = 0.45, 0.15, 0.3
_MIXED = 0.33
# JPEG alone is what most pictures suffer from; the other mixtures share the rest.
_JPEG_SHARE = 0.35
_NEAR = 0.15
_PRISTINE_INDEX = 0
# Ladders, copies and blank pictures for each image of a content; a ladder has several images.
LADDERS = 0.12
_COPIES, _BLANKS = 0.05, 0.04
RUNGS = 3
_APART = 1 / 12
_OF_PRISTINE = 0.25
_LARGE = 0.6
# Faults of tone, which leave structure as it is, are the hardest to tell from a photographer's choice.
_OFTEN = ("overexposure", "crushed-shadows", "colour-cast")


@dataclass(frozen=True, slots=True)
class Assignment:
    """What to make of one photograph.

    Attributes:
        photograph: its file.
        content: its name in the manifest, unique.
        tasks: the restoration tasks, each with the number of images to make, the degraded one included; none where
            only ready results are wanted.
        out: folder of the data set.
        source: name of the data set in the manifest.
        seed: of all random choices, together with the content's name.
        crop: side of the square that is cut out, in pixels; None keeps the photograph whole.
        pairs: at most so many pairs of the content.
        consensus: when metrics count as agreeing.
        learned: names of the learned restorers to use as well as the classical ones.
        ready: results of other restorers that join the images.
        ladders: how many ladders are made for each image.
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
    learned: tuple[str, ...] = ()
    ready: tuple[Ready, ...] = ()
    ladders: float = LADDERS


@dataclass(frozen=True, slots=True)
class Made:
    """The records of one photograph, and each image's dissimilarities; `failure` says why there are none.

    `left_out` has the ready results that couldn't be used, with the reasons.
    """

    content: str
    images: tuple[ImageRecord, ...] = ()
    pairs: tuple[Pair, ...] = ()
    dissimilarities: tuple[tuple[float, ...], ...] = ()
    failure: str | None = None
    left_out: tuple[tuple[str, str], ...] = ()


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
        photograph = _photograph(assignment)
    except ImageError as error:
        return Made(assignment.content, failure=error.reason)
    ready, left_out = _ready(assignment, (photograph.shape[0], photograph.shape[1]))
    if not assignment.tasks and not ready:
        return Made(assignment.content, failure="no ready result of it can be used", left_out=left_out)
    pristine = _seen(assignment, photograph)
    reference = f"references/{assignment.content}.png"
    _write(assignment.out / reference, pristine)
    judge = Judge(pristine)
    records: list[ImageRecord] = []
    measured = []
    steps = _steps(assignment, pristine, ready)
    for index, step in enumerate(steps):
        name = f"{assignment.content}-{index:03d}"
        path = f"images/{step.task.value}/{name}.png"
        seen = rounded(step.picture)
        _write(assignment.out / path, seen)
        measured.append(judge(seen))
        records.append(
            ImageRecord(
                f"{assignment.source}/{step.task.value}/{name}",
                path,
                assignment.source,
                step.task,
                assignment.content,
                step.algorithm,
                reference=reference,
            )
        )
    found = levels(np.array(measured))
    draw = generator_for(assignment.seed, assignment.content, "pairs")
    chosen = choose_pairs(found, assignment.pairs, assignment.consensus, draw, [step.known for step in steps])
    return Made(
        assignment.content,
        tuple(replace(record, mos=float(mos)) for record, mos in zip(records, pseudo_mos(found), strict=True)),
        tuple(Pair(records[a].image_id, records[b].image_id, label) for a, b, label in chosen),
        tuple(tuple(values.tolist()) for values in measured),
        left_out=left_out,
    )


def _photograph(assignment: Assignment) -> RgbArray:
    pixels = decode(assignment.photograph)
    height, width = pixels.shape[:2]
    if min(height, width) < MIN_PHOTOGRAPH:
        name = printable(assignment.photograph)
        raise ImageError(name, f"is {width}x{height} pixels; at least {MIN_PHOTOGRAPH}x{MIN_PHOTOGRAPH} are needed")
    return pixels


def _seen(assignment: Assignment, pixels: RgbArray) -> Picture:
    """What is used of a photograph, or of a ready result of the same size: the same part of each."""
    height, width = pixels.shape[:2]
    if assignment.crop is not None:
        draw = generator_for(assignment.seed, assignment.content, "crop")
        # Large photographs show little in a crop of a few hundred pixels; seen from farther away they show more.
        least = assignment.crop / min(height, width)
        factor = float(draw.uniform(least, 1.0)) if least < _LARGE else 1.0
        if factor < 1:
            height, width = round(height * factor), round(width * factor)
            pixels = cast("RgbArray", cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA))
        side = (min(assignment.crop, height), min(assignment.crop, width))
        top, left = int(draw.integers(0, height - side[0] + 1)), int(draw.integers(0, width - side[1] + 1))
        pixels = pixels[top : top + side[0], left : left + side[1]]
    return rounded(np.ascontiguousarray(to_unit(pixels)))


@dataclass(frozen=True, slots=True)
class Step:
    """One image of a content before it is a file.

    Attributes:
        algorithm: what made it.
        task: whose restorations it stands among.
        picture: itself.
        known: what is known of it by construction.
    """

    algorithm: str
    task: RestorationTask
    picture: Picture
    known: Known = field(default_factory=Known)


def _ready(assignment: Assignment, size: tuple[int, int]) -> tuple[list[Step], tuple[tuple[str, str], ...]]:
    """The ready results of a photograph, and those that can't be used, with the reasons."""
    found: list[Step] = []
    left_out: list[tuple[str, str]] = []
    for result in assignment.ready:
        try:
            picture = _seen(assignment, read_ready(result, size))
        except ImageError as error:
            left_out.append((printable(result.path), error.reason))
        else:
            found.append(Step(result.algorithm, result.task, picture))
    return found, tuple(left_out)


def _steps(assignment: Assignment, pristine: Picture, ready: Sequence[Step]) -> list[Step]:
    """The pristine picture, restorations for every task, ready ones, then ladders, copies and blanks of all those."""
    if not assignment.tasks:
        return [Step(PRISTINE, ready[0].task, pristine), *ready]
    tasks = [task for task, _ in assignment.tasks]
    total = sum(count for _, count in assignment.tasks)
    ladders, copies, blanks = (round(share * total) for share in (assignment.ladders, _COPIES, _BLANKS))
    # The pristine picture and the degraded one of every task are always among them.
    ladders = max(0, min(ladders, (total - 1 - copies - blanks - len(tasks)) // RUNGS))
    left = total - 1 - ladders * RUNGS - copies - blanks
    steps = [Step(PRISTINE, tasks[0], pristine)]
    for number, task in enumerate(tasks):
        count = left // len(tasks) + (number < left % len(tasks))
        draw = generator_for(assignment.seed, assignment.content, task.value)
        made = variants(pristine, task, count, draw, [learned.LEARNED[name] for name in assignment.learned])
        steps += [Step(name, task, picture) for name, picture in made]
    steps += ready
    draw = generator_for(assignment.seed, assignment.content, "ladders")
    bases = list(steps)
    names = _cycled([*DISTORTIONS, *_OFTEN], ladders, draw)
    for name in names:
        steps += _ladder(name, bases, draw)
    for _ in range(copies):
        steps.append(_copy(bases, draw))
    for _ in range(blanks):
        kind, picture = blank(pristine, draw)
        steps.append(Step(f"blank {kind}", tasks[int(draw.integers(len(tasks)))], picture, Known(blank=True)))
    return steps


def _base(bases: Sequence[Step], draw: Generator) -> int:
    """One of the pictures made before; the pristine one more often, since that is what a good restoration is like."""
    return _PRISTINE_INDEX if draw.random() < _OF_PRISTINE else int(draw.integers(len(bases)))


def _ladder(name: str, bases: Sequence[Step], draw: Generator) -> list[Step]:
    """Steps of rising strength, at least a twelfth of the range apart, with one pattern for all."""
    base = _base(bases, draw)
    cuts = np.sort(draw.uniform(0, 1 - (RUNGS - 1) * _APART, RUNGS)) * draw.uniform(0.5, 1) + np.arange(RUNGS) * _APART
    seed = int(draw.integers(2**32))
    of = bases[base]
    return [
        Step(
            f"{name} {strength:.2f} of {of.algorithm}",
            of.task,
            DISTORTIONS[name](of.picture, float(strength), np.random.default_rng(seed)),
            Known(base=base, ladder=f"{name} {seed}", rung=rung),
        )
        for rung, strength in enumerate(cuts, start=1)
    ]


def _copy(bases: Sequence[Step], draw: Generator) -> Step:
    """A picture again, as it is or with a change of the last bit here and there, which nobody sees."""
    base = _base(bases, draw)
    of = bases[base]
    picture = of.picture
    if draw.random() < 0.5:
        picture = clip(picture + draw.choice([-1, 0, 0, 1], picture.shape).astype(np.float32) / 255)
    return Step(f"copy of {of.algorithm}", of.task, picture, Known(base=base))


def variants(
    pristine: Picture,
    task: RestorationTask,
    count: int,
    draw: Generator,
    restorers: Sequence[learned.LearnedRestorer] = (),
) -> list[tuple[str, Picture]]:
    """A picture degraded by a task, and restorations of it which differ a little or much.

    Nearly half are made by learned restorers, where some serve the task, and a seventh imitate such (see
    `_imitations`); else a third do. Every other classical restoration is repeated at a strength near the first, so that
    fine differences are common.

    Returns:
        (algorithm, picture): the algorithm's name with its strength; `none` is the degraded picture.
    """
    degradation = _degradation(task, draw)
    degraded = _stored(degradation.apply(pristine, draw.uniform(0.1, 0.95), draw))
    serving = learned.suited(restorers, degradation)
    imitated = round((_IMITATED if serving else _IMITATED_ALONE) * (count - 1))
    by_learned = round(_LEARNED * (count - 1)) if serving else 0
    made = [(UNTOUCHED, degraded.image), *_classical(degradation, degraded, count - 1 - imitated - by_learned, draw)]
    made += _learned(serving, degraded, [picture for _, picture in made], by_learned, draw)
    return made + _imitations(pristine, [picture for _, picture in made], imitated, draw)


def _degradation(task: RestorationTask, draw: Generator) -> Degradation:
    choices = [degradation for degradation in DEGRADATIONS.values() if degradation.task == task]
    if task is RestorationTask.MIXTURE and draw.random() < _JPEG_SHARE:
        return DEGRADATIONS["jpeg"]
    return choices[int(draw.integers(len(choices)))]


def _learned(
    restorers: Sequence[learned.LearnedRestorer],
    degraded: Degraded,
    others: Sequence[Picture],
    count: int,
    draw: Generator,
) -> list[tuple[str, Picture]]:
    """Outputs of learned restorers; a third of them also mixed with another picture, as a slider of strength does."""
    by_name = {restorer.name: restorer for restorer in restorers}
    made: list[tuple[str, Picture]] = []
    for name in _cycled(list(by_name), count, draw):
        out = learned.restored(by_name[name], degraded, draw)
        made.append((f"{name} 1.00", out))
        if draw.random() < _MIXED:
            share = float(draw.uniform(0.3, 0.9))
            other = others[int(draw.integers(len(others)))]
            made.append((f"{name} {share:.2f}", np.float32(share) * out + np.float32(1 - share) * other))
    return made[:count]


def _imitations(pristine: Picture, bases: Sequence[Picture], count: int, draw: Generator) -> list[tuple[str, Picture]]:
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
