"""A new study from a manifest: its pairs in groups, its people, and what its images were when it began."""

import hashlib
import secrets
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import insert, inspect, select

from fgresq.annotation.protocol.design import StudyDesign, people_of
from fgresq.annotation.protocol.groups import JudgedPair, group_pairs
from fgresq.annotation.store import tables
from fgresq.annotation.store.engine import connect, reading, study_url, writing
from fgresq.annotation.store.migrate import upgrade
from fgresq.errors import StudyError
from fgresq.manifest import Manifest
from fgresq.names import first_few
from fgresq.records import ImageRecord, Pair
from fgresq.version import __version__

Row = dict[str, Any]


def create_study(study: str, manifest: Manifest, design: StudyDesign, training: Manifest | None = None) -> None:
    """Make a study of all pairs of a manifest; a preference that a pair has already is not shown to anybody.

    Args:
        study: `study.db`, or a PostgreSQL URL of an empty database.
        manifest: whose pairs are to be judged.
        design: the protocol.
        training: pairs with known preferences, shown to every annotator first; None for no training.

    Raises:
        StudyError: there is a study already; no pairs, or too few for the groups; training pairs without a preference;
            image files that are missing (the first few are named).
        NotSavedError: the database can't be written.
    """
    rows = _rows(manifest, design, training)
    url = study_url(study)
    if url.get_backend_name() == "sqlite" and not Path(str(url.database)).parent.is_dir():
        raise StudyError(f"{url.database}: there is no folder {Path(str(url.database)).parent}")
    engine = connect(url)
    try:
        with reading(engine) as connection:
            found = inspect(connection).get_table_names()
            if "study" in found and connection.scalar(select(tables.study.c.number)) is not None:
                raise StudyError(f"{study}: holds a study already; a new one needs a database of its own")
            if found and "alembic_version" not in found:
                raise StudyError(f"{study}: is a database of something else ({first_few(sorted(found))})")
        upgrade(engine)
        with writing(engine, "the study") as connection:
            for table, values in rows:
                if values:
                    connection.execute(insert(table), values)
    finally:
        engine.dispose()


def manifest_sha256(root: Path) -> str:
    """The hash of a manifest's JSON, which holds the hashes of its tables.

    Raises:
        StudyError: it can't be read.
    """
    path = root / "manifest.json"
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise StudyError(f"{path}: can't be read ({error.strerror}); a study needs its manifest on the disk") from error


def _rows(manifest: Manifest, design: StudyDesign, training: Manifest | None) -> list[tuple[Any, list[Row]]]:
    if not manifest.pairs:
        raise StudyError(f"{manifest.root}: has no pairs to judge")
    unknown = [f"{p.image_a} | {p.image_b}" for p in training.pairs if p.preference is None] if training else []
    if training and unknown:
        raise StudyError(f"{training.root}: training pairs without a known preference: {first_few(unknown)}")
    images, numbers = _image_rows(manifest, 0)
    content_of = {image.image_id: image.content for image in manifest.images}
    judged = [JudgedPair(number, content_of[pair.image_a]) for number, pair in enumerate(manifest.pairs)]
    groups = group_pairs(judged, design)
    pairs = _pair_rows(manifest.pairs, numbers, 0)
    for row in pairs:
        row.update(group_number=groups[row["number"]], known=None)
    if training is not None:
        more, numbers = _image_rows(training, len(images))
        images += more
        pairs += _pair_rows(training.pairs, numbers, len(pairs))
    people = [
        {"person_id": p.person_id, "role": p.role.value, "team": p.team, "withdrawn": False} for p in people_of(design)
    ]
    study = {
        "number": 1,
        "design": design.model_dump_json(),
        "manifest": str(manifest.root.absolute()),
        "manifest_sha256": manifest_sha256(manifest.root),
        "training": str(training.root.absolute()) if training else None,
        "training_sha256": manifest_sha256(training.root) if training else None,
        "secret": secrets.token_hex(32),
        "version": __version__,
        "created_ms": time.time_ns() // 1_000_000,
    }
    return [(tables.study, [study]), (tables.image, images), (tables.pair, pairs), (tables.person, people)]


def _pair_rows(pairs: Sequence[Pair], image_numbers: dict[str, int], first: int) -> list[Row]:
    return [
        {
            "number": number,
            "image_a": image_numbers[pair.image_a],
            "image_b": image_numbers[pair.image_b],
            "group_number": None,
            "known": pair.preference.value if pair.preference else None,
        }
        for number, pair in enumerate(pairs, start=first)
    ]


def _image_rows(manifest: Manifest, first: int) -> tuple[list[Row], dict[str, int]]:
    """The images that pairs name, with what their files are now, and their numbers by identity."""
    named = {identity for pair in manifest.pairs for identity in (pair.image_a, pair.image_b)}
    rows: list[Row] = []
    missing = []
    for image in manifest.images:
        if image.image_id not in named:
            continue
        try:
            rows.append({"number": first + len(rows), **_image_row(image, manifest.path_of(image))})
        except OSError as error:
            missing.append(f"{manifest.path_of(image)} ({error.strerror})")
    if missing:
        raise StudyError(f"{manifest.root}: {len(missing)} image files can't be read: {first_few(missing)}")
    return rows, {row["image_id"]: row["number"] for row in rows}


def _image_row(image: ImageRecord, path: Path) -> Row:
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return {
        "opaque_id": secrets.token_urlsafe(16),
        "image_id": image.image_id,
        "path": str(path.absolute()),
        "content": image.content,
        "algorithm": image.algorithm,
        "sha256": sha256,
        "size": path.stat().st_size,
    }
