"""Small studies on made-up images."""

from pathlib import Path

import numpy as np
from PIL import Image

from fgresq.annotation.protocol.design import StudyDesign
from fgresq.annotation.store import Study, create_study, open_study
from fgresq.annotation.store.contents import Choice
from fgresq.manifest import Manifest, read_manifest, write_manifest
from fgresq.records import ImageRecord, Pair, Preference, RestorationTask

DESIGN = StudyDesign(seed=3, groups=2, team_size=3, repeats=0.25, swapped_repeats=0.25, repeat_gap=2, session_length=8)


def make_manifest(root: Path, contents: int = 4, algorithms: int = 3, known: bool = False) -> Manifest:
    """All pairs of a few small images a content; `known` gives each the preference for the second image."""
    root.mkdir(parents=True)
    images, pairs = [], []
    for content in range(contents):
        names = []
        for algorithm in range(algorithms):
            name = f"c{content}-m{algorithm}"
            level = np.uint8((20 * content + 5 * algorithm) % 256)
            Image.fromarray(np.full((8, 8, 3), level)).save(root / f"{name}.png")
            images.append(
                ImageRecord(
                    name,
                    f"{name}.png",
                    "made",
                    RestorationTask.DENOISING,
                    f"c{content}",
                    f"m{algorithm}",
                    float(algorithm),
                )
            )
            names.append(name)
        pairs += [
            Pair(first, second, Preference.B if known else None)
            for place, first in enumerate(names)
            for second in names[place + 1 :]
        ]
    write_manifest(Manifest(root, tuple(images), tuple(pairs), {"made": "for a test"}))
    return read_manifest(root)


def make_study(folder: Path, database: str, design: StudyDesign = DESIGN, *, training: bool = True, **of) -> Study:
    """A study of a manifest in `folder`, opened."""
    manifest = make_manifest(folder / "data", **of)
    shown = make_manifest(folder / "training", contents=1, known=True) if training else None
    create_study(database, manifest, design, shown)
    return open_study(database)


def choice_for(trial, preference: Preference) -> Choice:
    """What somebody who holds this preference chooses."""
    if preference == Preference.EQUAL:
        return Choice.EQUAL
    return Choice.LEFT if (preference == Preference.A) == trial.a_on_left else Choice.RIGHT


def answer_all(study: Study, person_id: str, preference_of, elapsed_ms: float = 1500.0, stop: int | None = None) -> int:
    """Answer what is left of a person's trials; `preference_of` is asked with the trial. Returns how many."""
    count = 0
    while (trial := study.next_trial(person_id)) is not None and (stop is None or trial.position < stop):
        choice = choice_for(trial, preference_of(trial))
        study.answer(person_id, trial.position, choice, elapsed_ms=elapsed_ms, key=f"{person_id}-key-{trial.position}")
        count += 1
    return count
