"""A whole study of 60 real pairs whose people answer as the subjects of a real experiment did. About a minute:

pytest tests/end_to_end/slow_annotate_ganrest.py
"""

import csv
from pathlib import Path

import numpy as np
import pytest
from selenium.webdriver import Chrome
from tests.end_to_end.test_annotate_study import Play, run_study

from fgresq.annotation.protocol.design import StudyDesign
from fgresq.annotation.store import create_study, open_study
from fgresq.manifest import Manifest, read_manifest, write_manifest
from fgresq.records import ImageRecord, Pair, Preference, RestorationTask

pytestmark = [pytest.mark.browser, pytest.mark.shared]

GANREST_PAIRS = 60


def test_a_whole_study_with_real_votes(browser: Chrome, tmp_path: Path, shared: Path) -> None:
    run_study(browser, tmp_path, ganrest_play(tmp_path, shared))


def ganrest_play(folder: Path, shared: Path) -> Play:
    """Real pairs; each annotator is one of the experiment's subjects, the expert another one."""
    root = shared / "data" / "ganrest"
    rows = [
        row for row in real_rows(root) if row["Image_A"] == row["Image_B"] and file_a(root, row) and file_b(root, row)
    ]
    rows = rows[:: len(rows) // GANREST_PAIRS][:GANREST_PAIRS]
    assert len(rows) == GANREST_PAIRS
    images: dict[str, ImageRecord] = {}
    pairs = []
    for row in rows:
        ends = [file_a(root, row), file_b(root, row)]
        for path in ends:
            content = path.name.partition("_")[0]
            images[path.stem] = ImageRecord(
                path.stem, str(path), "GANRest", RestorationTask.MIXTURE, content, path.stem.partition("_")[2]
            )
        pairs.append(Pair(ends[0].stem, ends[1].stem))
    (folder / "data").mkdir()
    write_manifest(Manifest(folder / "data", tuple(images.values()), tuple(pairs), {"made": "from real votes"}))
    design = StudyDesign(seed=2, repeats=0.1, swapped_repeats=0.1, contents_together=False)
    create_study(str(folder / "study.db"), read_manifest(folder / "data"), design)
    study = open_study(str(folder / "study.db"))
    subjects = list(rows[0])[7:]
    chosen = np.random.default_rng(8).permutation(len(subjects))
    opinions = {
        (person.person_id, number): (Preference.A, Preference.B)[int(row[subjects[chosen[place]]])]
        for place, person in enumerate(study.people())
        for number, row in enumerate(rows)
    }
    study.close()
    return Play(folder / "study.db", opinions, in_browser=4)


def real_rows(root: Path) -> list[dict[str, str]]:
    with (root / "results" / "jdg.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def file_a(root: Path, row: dict[str, str]) -> Path | None:
    return picture(root, row["Image_A"], row["Model_A"], row["Quality_A"])


def file_b(root: Path, row: dict[str, str]) -> Path | None:
    return picture(root, row["Image_B"], row["Model_B"], row["Quality_B"])


def picture(root: Path, content: str, model: str, quality: str) -> Path | None:
    folder = "Original" if model == "original" else model
    path = root / "images" / folder / f"{int(content):05d}_{model}{f'_{quality}' if quality else ''}.png"
    return path if path.is_file() else None
