"""Photographs in, a labelled data set out: spread over the cores, the same for any number of them."""

import csv
import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeAlias

from fgresq.errors import OutputError, UserError
from fgresq.files import written_whole
from fgresq.images.decode import printable
from fgresq.locks import is_passing, only_writer, remove_leftovers
from fgresq.manifest import Manifest, write_manifest
from fgresq.records import ImageRecord, Pair, Preference, RestorationTask
from fgresq.synthesis.contents import LADDERS, MIN_PHOTOGRAPH, Assignment, Made, generator_for, make_content
from fgresq.synthesis.fidelity import METRICS
from fgresq.synthesis.labels import Consensus
from fgresq.synthesis.ready import Ready, find_ready
from fgresq.synthesis.restore import learned
from fgresq.version import __version__
from fgresq.workers import processes

PAIRS_A_CONTENT = 100
_IMAGES_A_TASK = 13
_LEAST_IMAGES = 3
_MOST_LADDERS = 0.3
_UNFINISHED = ".unfinished"
_DISSIMILARITIES = "dissimilarities.csv"
_LABELS = (
    "Not human preference. mos: mean over three full-reference distances to the pristine photograph ({metrics}) of the "
    "logarithm's place between the worst picture's (about 0) and the pristine's (1). Pairs: by construction where one "
    "image is a later step of the other's ladder, a copy of it, or blank, unless all distances clearly deny it; else A "
    "or B when at least {quorum} distances differ by a log ratio above {margin} for it and none against it, and equal "
    "when all differ by at most {tie}; other pairs are left out. The metrics' values are in {file}."
)
_BY_LEARNED = (
    " Those named in `restorers` come from networks in packages of others; if their number is below 1, the rest is "
    "the degraded image, enlarged by bicubic interpolation where its resolution was low."
)
_BY_OTHERS = " Those named in `restored` were ready and came with the photographs."
Turn: TypeAlias = tuple[tuple[RestorationTask, int], ...]


def synthesise(
    sources: Sequence[Path],
    out: Path,
    *,
    per_content: int = 33,
    seed: int = 0,
    crop: int | None = None,
    workers: int = 1,
    source_name: str | None = None,
    licence: str = "that of the photographs",
    restorers: Sequence[str] = (),
    restored: Path | None = None,
    restored_task: RestorationTask | None = None,
    ladders: float = LADDERS,
    progress: Callable[[int], None] = lambda done: None,
) -> Manifest:
    """Make restored images of photographs, label them, and write a data set with its manifest.

    Args:
        sources: pristine photographs; a photograph's name without suffix becomes its content.
        out: folder of the data set, new or empty, or with an unfinished run of the same settings, which goes on.
        per_content: images made of each photograph, degraded ones included, over all its tasks.
        seed: of all random choices. The result depends on it, on the photographs, their names and their order (the
            tasks go round), not on the number of workers.
        crop: side of a random square cut out of each photograph, in pixels; None keeps it whole.
        workers: processes.
        source_name: the data set's name in the manifest; by default the name of the first photograph's folder.
        licence: what to say of it in the manifest.
        restorers: names of the learned restorers to use as well as the classical ones (`restore.learned.LEARNED`);
            `learned` means all. Their last bits depend on the processor, so images may differ by 1/255 elsewhere.
        restored: folder of results of other restorers, which join the images and are labelled with them
            (`ready.find_ready`).
        restored_task: the task of those of them that lie in no task's folder.
        ladders: ladders of one growing distortion for each image, 3 images each; at most 0.3.
        progress: called with the number of photographs finished since the last call.

    Returns:
        The manifest as written. `about["failed"]` maps photographs that couldn't be used to the reasons,
        `about["left_out"]` ready results.

    Raises:
        UserError: no photograph could be used, two have one name, a number makes no sense, an unknown restorer or one
            whose package isn't installed, ready results that aren't laid out as they have to be.
        OutputError: the folder isn't empty, can't be written, or another process writes there.
        FgresqError: a worker died.
    """
    name = source_name or (Path(sources[0]).absolute().parent.name if sources else "") or "synthetic"
    contents = _contents(sources)
    used = tuple(restorer.name for restorer in learned.chosen(restorers))
    ready = {} if restored is None else find_ready(restored, contents, restored_task)
    _check_numbers(per_content, crop, ladders, only_ready=bool(ready))
    assignments = [
        Assignment(
            contents[content],
            content,
            tasks,
            out,
            name,
            seed,
            crop,
            PAIRS_A_CONTENT,
            Consensus(),
            used,
            ready.get(content, ()),
            ladders,
        )
        for content, tasks in _turns(contents, per_content, seed)
    ]
    settings: dict[str, Any] = {"version": __version__, "seed": seed, "per_content": per_content, "crop": crop}
    settings |= {"source": name, "photographs": list(contents), "restorers": used, "restored": _counts(ready)}
    settings["ladders"] = ladders
    with only_writer(out):
        _open_folder(out, settings)
        return _written(assignments, out, settings, licence, workers, progress)


def _written(
    assignments: Sequence[Assignment],
    out: Path,
    settings: Mapping[str, Any],
    licence: str,
    workers: int,
    progress: Callable[[int], None],
) -> Manifest:
    made = {result.content: result for result in _all_made(assignments, workers, progress)}
    results = [made[assignment.content] for assignment in assignments]
    if all(result.failure for result in results):
        raise UserError(
            f"none of the {len(results)} photographs could be used; {results[0].content}: {results[0].failure}"
        )
    manifest = Manifest(
        out,
        tuple(image for result in results for image in result.images),
        tuple(pair for result in results for pair in result.pairs),
        _about(settings, licence, assignments, made),
    )
    _write_dissimilarities(out, results)
    write_manifest(manifest)
    shutil.rmtree(out / _UNFINISHED)
    return manifest


def _check_numbers(per_content: int, crop: int | None, ladders: float, only_ready: bool) -> None:
    if not 0 <= ladders <= _MOST_LADDERS:
        raise UserError(f"{ladders} ladders an image can't be; 0 to {_MOST_LADDERS} can, since each has 3 images")
    if per_content < _LEAST_IMAGES and not (only_ready and per_content == 0):
        none = "" if only_ready else "; 0 makes none, beside results that are ready"
        raise UserError(
            f"{per_content} images a content are too few to compare; at least {_LEAST_IMAGES} are needed{none}"
        )
    if crop is not None and crop < MIN_PHOTOGRAPH:
        raise UserError(f"a crop of {crop} pixels is too small to judge; at least {MIN_PHOTOGRAPH} are needed")


def _contents(sources: Sequence[Path]) -> dict[str, Path]:
    """The photographs by their names without suffix."""
    contents: dict[str, Path] = {}
    for path in sources:
        content = printable(Path(path.stem))
        if content in contents:
            raise UserError(f"{printable(path)} and {printable(contents[content])}: two photographs of one name")
        contents[content] = path
    if not contents:
        raise UserError("no photographs were given")
    return contents


def _turns(contents: Iterable[str], per_content: int, seed: int) -> Iterator[tuple[str, Turn]]:
    """Tasks go round, so that all six are equally common; beyond that, photographs don't depend on one another."""
    tasks = list(RestorationTask)
    a_content = min(len(tasks), max(1, round(per_content / _IMAGES_A_TASK)))
    order = [tasks[index] for index in generator_for(seed, "order of tasks").permutation(len(tasks))]
    for number, content in enumerate(contents):
        turn = [order[(number * a_content + step) % len(order)] for step in range(a_content)]
        counts = [per_content // a_content + (step < per_content % a_content) for step in range(a_content)]
        yield content, tuple(zip(turn, counts, strict=True)) if per_content else ()


def _counts(ready: Mapping[str, Sequence[Ready]]) -> dict[str, dict[str, int]]:
    """How many ready results there are, by task and algorithm."""
    counts = Counter((one.task, one.algorithm) for results in ready.values() for one in results)
    by_task: dict[str, dict[str, int]] = {}
    for (task, algorithm), count in sorted(counts.items()):
        by_task.setdefault(task.value, {})[algorithm] = count
    return by_task


def _open_folder(out: Path, settings: Mapping[str, Any]) -> None:
    """Make the folders; refuse one that holds something other than an unfinished run of the same settings."""
    marker = out / _UNFINISHED / "settings.json"
    text = json.dumps(settings, indent=2)
    try:
        if out.is_dir() and any(not is_passing(path.name) for path in out.iterdir()):
            if not marker.is_file():
                raise OutputError(f"{out}: isn't empty; name a new folder")
            if marker.read_text(encoding="utf-8") != text:
                raise OutputError(f"{out}: holds an unfinished run with other settings; name a new folder")
        for folder in (_UNFINISHED, "references", *(f"images/{task.value}" for task in RestorationTask)):
            (out / folder).mkdir(parents=True, exist_ok=True)
        remove_leftovers(out)
    except OSError as error:
        raise OutputError(f"{out}: can't be made ({error.strerror})") from error
    with written_whole(marker) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _all_made(assignments: Sequence[Assignment], workers: int, progress: Callable[[int], None]) -> Iterator[Made]:
    """Those of an earlier, unfinished run first."""
    left = []
    for assignment in assignments:
        earlier = _earlier(assignment)
        if earlier is None:
            left.append(assignment)
        else:
            progress(1)
            yield earlier
    with processes(workers) as spread:
        for result in spread(_make_and_note, left):
            progress(1)
            yield result


def _make_and_note(assignment: Assignment) -> Made:
    made = make_content(assignment)
    with written_whole(_note(assignment)) as temporary:
        temporary.write_text(json.dumps(asdict(made)), encoding="utf-8")
    return made


def _note(assignment: Assignment) -> Path:
    return assignment.out / _UNFINISHED / f"made-{assignment.content}.json"


def _earlier(assignment: Assignment) -> Made | None:
    """What an unfinished run has noted of a photograph; a note is written last, so its images are there."""
    note = _note(assignment)
    if not note.is_file():
        return None
    known = json.loads(note.read_text(encoding="utf-8"))
    images = tuple(ImageRecord(**{**row, "task": RestorationTask(row["task"])}) for row in known["images"])
    pairs = tuple(Pair(row["image_a"], row["image_b"], Preference(row["preference"])) for row in known["pairs"])
    left_out = tuple((path, reason) for path, reason in known["left_out"])
    return Made(
        known["content"], images, pairs, tuple(map(tuple, known["dissimilarities"])), known["failure"], left_out
    )


def _write_dissimilarities(out: Path, results: Sequence[Made]) -> None:
    """What the labels come from, for whoever wants others."""
    with written_whole(out / _DISSIMILARITIES) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["image_id", *METRICS])
        for result in results:
            table.writerows(
                [image.image_id, *values] for image, values in zip(result.images, result.dissimilarities, strict=True)
            )


def _about(
    settings: Mapping[str, Any], licence: str, assignments: Sequence[Assignment], made: Mapping[str, Made]
) -> dict[str, Any]:
    consensus = assignments[0].consensus
    return {
        "made_by": f"fgresq {__version__}, fgresq.synthesis",
        **{key: settings[key] for key in ("seed", "per_content", "crop", "source")},
        "procedure": "Pristine photographs degraded by stated models, restored by classical algorithms. Images named "
        "`learned` come from no network: a degraded or restored image is moved towards the photograph by the first "
        "number's share, and given a typical artefact of the second number's strength. Other names end in the "
        "strength; `none` is the degraded image, `pristine` the photograph itself, `X of Y` a step of the ladder of "
        "the distortion X."
        + (_BY_LEARNED if settings["restorers"] else "")
        + (_BY_OTHERS if settings["restored"] else ""),
        "restorers": learned.declarations([learned.LEARNED[name] for name in settings["restorers"]]),
        "restored": settings["restored"],
        "licence": licence,
        "labels": _LABELS.format(metrics=", ".join(METRICS), file=_DISSIMILARITIES, **asdict(consensus)),
        "consensus": asdict(consensus),
        "failed": {
            printable(assignment.photograph): failure
            for assignment in assignments
            if (failure := made[assignment.content].failure) is not None
        },
        "left_out": dict(pair for assignment in assignments for pair in made[assignment.content].left_out),
    }
